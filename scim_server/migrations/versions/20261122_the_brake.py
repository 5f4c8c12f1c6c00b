"""the brake."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0015'
down_revision = '0014'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('alarms',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('directory_id', types.Id(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('started_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('window_start', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('users', sa.Integer(), nullable=False),
    sa.Column('of_users', sa.Integer(), nullable=False),
    sa.Column('refused', sa.Integer(), nullable=False),
    sa.Column('decided_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'directory_id'], ['directories.org_id', 'directories.id'], name=op.f('fk_alarms_org_id_directory_id')),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_alarms_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_alarms'))
    )
    with op.batch_alter_table('alarms', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_alarms_org_id_directory_id_id'), ['org_id', 'directory_id', 'id'], unique=False)
        batch_op.create_index('uq_alarms_going_on', ['org_id', 'directory_id'], unique=True, sqlite_where=sa.text("state IN ('open', 'undoing')"), postgresql_where=sa.text("state IN ('open', 'undoing')"))
    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.add_column(sa.Column('brake_mode', sa.String(), server_default='alarm', nullable=False))
        batch_op.add_column(sa.Column('brake_users', sa.Integer(), server_default='50', nullable=False))
        batch_op.add_column(sa.Column('brake_share', sa.Integer(), server_default='20', nullable=False))
        batch_op.add_column(sa.Column('brake_window', sa.Integer(), server_default='60', nullable=False))
        batch_op.add_column(sa.Column('brake_alarm_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('brake_holds', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('brake_since', types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('brake_free_until', types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('brake_free_users', sa.Integer(), nullable=True))
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('removed_at', types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('removed_by', types.Id(length=36), nullable=True))
        batch_op.create_index('ix_users_of_directory', ['org_id', 'directory_id'], unique=False, sqlite_where=sa.text("status = 'active'"), postgresql_where=sa.text("status = 'active'"))
        batch_op.create_index('ix_users_removed', ['org_id', 'removed_by', 'removed_at'], unique=False, sqlite_where=sa.text('removed_by IS NOT NULL'), postgresql_where=sa.text('removed_by IS NOT NULL'))


def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_index('ix_users_removed', sqlite_where=sa.text('removed_by IS NOT NULL'), postgresql_where=sa.text('removed_by IS NOT NULL'))
        batch_op.drop_index('ix_users_of_directory', sqlite_where=sa.text("status = 'active'"), postgresql_where=sa.text("status = 'active'"))
        batch_op.drop_column('removed_by')
        batch_op.drop_column('removed_at')
    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.drop_column('brake_free_users')
        batch_op.drop_column('brake_free_until')
        batch_op.drop_column('brake_since')
        batch_op.drop_column('brake_holds')
        batch_op.drop_column('brake_alarm_id')
        batch_op.drop_column('brake_window')
        batch_op.drop_column('brake_share')
        batch_op.drop_column('brake_users')
        batch_op.drop_column('brake_mode')
    with op.batch_alter_table('alarms', schema=None) as batch_op:
        batch_op.drop_index('uq_alarms_going_on', sqlite_where=sa.text("state IN ('open', 'undoing')"), postgresql_where=sa.text("state IN ('open', 'undoing')"))
        batch_op.drop_index(batch_op.f('ix_alarms_org_id_directory_id_id'))

    op.drop_table('alarms')
