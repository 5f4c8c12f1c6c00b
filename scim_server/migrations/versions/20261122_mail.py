"""mail and invitations."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0010'
down_revision = '0009b'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('outbox',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('text', sa.String(), nullable=False),
    sa.Column('content', sa.String(), nullable=True),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('useless_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('next_try_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_outbox_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_outbox'))
    )
    with op.batch_alter_table('outbox', schema=None) as batch_op:
        batch_op.create_index('ix_outbox_waiting', ['next_try_at'], unique=False, sqlite_where=sa.text('next_try_at IS NOT NULL'), postgresql_where=sa.text('next_try_at IS NOT NULL'))
        batch_op.create_index('ix_outbox_created_at', ['created_at'], unique=False)

    op.create_table('invitations',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('email', sa.String(), nullable=False),
    sa.Column('language', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('mail_id', types.Id(length=36), nullable=True),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_invitations_org_id_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_invitations_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_invitations'))
    )
    with op.batch_alter_table('invitations', schema=None) as batch_op:
        batch_op.create_index('uq_invitations_open', ['org_id', 'user_id'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('uq_invitations_secret_hash', ['secret_hash'], unique=True)


def downgrade() -> None:
    op.drop_table('invitations')
    op.drop_table('outbox')
