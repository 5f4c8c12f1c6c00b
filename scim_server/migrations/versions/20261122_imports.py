"""imports."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0021'
down_revision = '0020'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('imports',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('file_name', sa.String(), nullable=False),
    sa.Column('format', sa.String(), nullable=False),
    sa.Column('sheet', sa.String(), nullable=True),
    sa.Column('encoding', sa.String(), nullable=True),
    sa.Column('mode', sa.String(), nullable=False),
    sa.Column('match_by', sa.String(), nullable=False),
    sa.Column('overwrite_with_empty', sa.Boolean(), nullable=False),
    sa.Column('invite', sa.Boolean(), nullable=False),
    sa.Column('create_teams', sa.Boolean(), nullable=False),
    sa.Column('header', types.Names(), nullable=False),
    sa.Column('columns', types.Document(), nullable=False),
    sa.Column('total', sa.Integer(), nullable=False),
    sa.Column('done', sa.Integer(), nullable=False),
    sa.Column('planned_counts', types.Document(), nullable=False),
    sa.Column('counts', types.Document(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('creator_kind', sa.String(), nullable=False),
    sa.Column('creator_id', types.Id(length=36), nullable=True),
    sa.Column('creator_name', sa.String(), nullable=False),
    sa.Column('started_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('starter_kind', sa.String(), nullable=True),
    sa.Column('starter_id', types.Id(length=36), nullable=True),
    sa.Column('starter_name', sa.String(), nullable=True),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('why', sa.String(), nullable=True),
    sa.Column('rows_forgotten_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_imports_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_imports'))
    )
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_imports_created_at'), ['created_at'], unique=False)
        batch_op.create_index('ix_imports_running', ['started_at'], unique=False, sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))

    op.create_table('import_rows',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('import_id', types.Id(length=36), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('values', types.Document(), nullable=False),
    sa.Column('problem', types.Document(), nullable=True),
    sa.Column('planned_outcome', sa.String(), nullable=True),
    sa.Column('planned', types.Document(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=True),
    sa.Column('result', types.Document(), nullable=False),
    sa.Column('manager_row', sa.Integer(), nullable=True),
    sa.Column('unfinished', sa.Boolean(), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'import_id'], ['imports.org_id', 'imports.id'], name=op.f('fk_import_rows_org_id_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'import_id', 'number', name=op.f('pk_import_rows'))
    )
    with op.batch_alter_table('import_rows', schema=None) as batch_op:
        batch_op.create_index('ix_import_rows_undone', ['org_id', 'import_id', 'number'], unique=False, sqlite_where=sa.text('outcome IS NULL'), postgresql_where=sa.text('outcome IS NULL'))
        batch_op.create_index('ix_import_rows_unfinished', ['org_id', 'import_id', 'number'], unique=False, sqlite_where=sa.text('unfinished'), postgresql_where=sa.text('unfinished'))
        batch_op.create_index('ix_import_rows_user', ['org_id', 'user_id'], unique=False)



def downgrade() -> None:
    with op.batch_alter_table('import_rows', schema=None) as batch_op:
        batch_op.drop_index('ix_import_rows_user')
        batch_op.drop_index('ix_import_rows_unfinished', sqlite_where=sa.text('unfinished'), postgresql_where=sa.text('unfinished'))
        batch_op.drop_index('ix_import_rows_undone', sqlite_where=sa.text('outcome IS NULL'), postgresql_where=sa.text('outcome IS NULL'))

    op.drop_table('import_rows')
    with op.batch_alter_table('imports', schema=None) as batch_op:
        batch_op.drop_index('ix_imports_running', sqlite_where=sa.text("state = 'running'"), postgresql_where=sa.text("state = 'running'"))
        batch_op.drop_index(batch_op.f('ix_imports_created_at'))

    op.drop_table('imports')
