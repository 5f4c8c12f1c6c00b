"""life of a user."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('sessions',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_why', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_sessions_org_id_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_sessions_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_sessions'))
    )
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.create_index('ix_sessions_open', ['org_id', 'user_id'], unique=False, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.create_index('uq_sessions_secret_hash', ['secret_hash'], unique=True)

    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.add_column(sa.Column('details', types.Document(), server_default='{}', nullable=False))

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('settings', types.Document(), server_default='{}', nullable=False))

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('origin', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('is_owner', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('deleted_at', types.UtcDateTime(timezone=True), nullable=True))

    op.execute("UPDATE users SET origin = CASE WHEN directory_id IS NULL THEN 'hand' ELSE 'scim' END")
    op.execute("UPDATE users SET deleted_at = updated_at WHERE status = 'deleted'")

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.alter_column('origin', existing_type=sa.String(), nullable=False)
        batch_op.create_index('uq_users_owner', ['org_id'], unique=True, sqlite_where=sa.text('is_owner'), postgresql_where=sa.text('is_owner'))


def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_index('uq_users_owner', sqlite_where=sa.text('is_owner'), postgresql_where=sa.text('is_owner'))
        batch_op.drop_column('deleted_at')
        batch_op.drop_column('is_owner')
        batch_op.drop_column('origin')

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.drop_column('settings')

    with op.batch_alter_table('events', schema=None) as batch_op:
        batch_op.drop_column('details')

    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index('uq_sessions_secret_hash')
        batch_op.drop_index('ix_sessions_open', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.drop_table('sessions')
