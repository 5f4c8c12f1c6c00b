"""accounts."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None

_KEY = sa.String().with_variant(sa.String(collation='C'), 'postgresql')


def upgrade() -> None:
    op.create_table('accounts',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('email_key', _KEY, nullable=False),
    sa.Column('email_verified_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('phone', _KEY, nullable=True),
    sa.Column('phone_verified_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('password_hash', sa.String(), nullable=True),
    sa.Column('password_changed_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('default_org_id', types.Id(length=36), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['default_org_id'], ['organizations.id'], name=op.f('fk_accounts_default_org_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_accounts'))
    )
    op.create_index('uq_accounts_email', 'accounts', ['email_key'], unique=True, sqlite_where=sa.text('email_verified_at IS NOT NULL'), postgresql_where=sa.text('email_verified_at IS NOT NULL'))
    op.create_index('uq_accounts_phone', 'accounts', ['phone'], unique=True, sqlite_where=sa.text('phone_verified_at IS NOT NULL'), postgresql_where=sa.text('phone_verified_at IS NOT NULL'))

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('account_id', types.Id(length=36), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_users_account_id'), 'accounts', ['account_id'], ['id'])
        batch_op.create_index('ix_users_account_id', ['account_id'], unique=False)
        batch_op.create_index('uq_users_account', ['org_id', 'account_id'], unique=True, sqlite_where=sa.text("status <> 'deleted'"), postgresql_where=sa.text("status <> 'deleted'"))


def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_index('uq_users_account', sqlite_where=sa.text("status <> 'deleted'"), postgresql_where=sa.text("status <> 'deleted'"))
        batch_op.drop_index('ix_users_account_id')
        batch_op.drop_constraint(batch_op.f('fk_users_account_id'), type_='foreignkey')
        batch_op.drop_column('account_id')

    op.drop_index('uq_accounts_phone', 'accounts', sqlite_where=sa.text('phone_verified_at IS NOT NULL'), postgresql_where=sa.text('phone_verified_at IS NOT NULL'))
    op.drop_index('uq_accounts_email', 'accounts', sqlite_where=sa.text('email_verified_at IS NOT NULL'), postgresql_where=sa.text('email_verified_at IS NOT NULL'))
    op.drop_table('accounts')
