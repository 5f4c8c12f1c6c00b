"""groups in groups."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

# Until ANALYZE has looked, SQLite takes ten rows for all that an organization has in a table, and begins a join with
# them. These are many for an organization, and a few for whatever comes next in the key.
_STATISTICS = {
    'sqlite_autoindex_teams_1': ('teams', '100000 100000 1'),
    'uq_teams_display_name': ('teams', '100000 100000 1'),
    'ix_teams_org_id_external_id': ('teams', '100000 100000 10'),
    'ix_teams_org_id_updated_at': ('teams', '100000 100000 10'),
    'sqlite_autoindex_memberships_1': ('memberships', '100000 100000 10 1'),
    'ix_memberships_org_id_user_id_team_id': ('memberships', '100000 100000 10 1'),
    'sqlite_autoindex_subteams_1': ('subteams', '100000 100000 10 1'),
    'ix_subteams_org_id_member_id_team_id': ('subteams', '100000 100000 10 1'),
    'sqlite_autoindex_team_ancestors_1': ('team_ancestors', '100000 100000 10 1'),
    'ix_team_ancestors_org_id_ancestor_id_team_id': ('team_ancestors', '100000 100000 10 1'),
}


def upgrade() -> None:
    op.create_table('subteams',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('team_id', types.Id(length=36), nullable=False),
    sa.Column('member_id', types.Id(length=36), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'member_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_subteams_org_id_member_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id', 'team_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_subteams_org_id_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'team_id', 'member_id', name=op.f('pk_subteams'))
    )
    with op.batch_alter_table('subteams', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_subteams_org_id_member_id_team_id'), ['org_id', 'member_id', 'team_id'], unique=False)

    op.create_table('team_ancestors',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('team_id', types.Id(length=36), nullable=False),
    sa.Column('ancestor_id', types.Id(length=36), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'ancestor_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_team_ancestors_org_id_ancestor_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id', 'team_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_team_ancestors_org_id_team_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'team_id', 'ancestor_id', name=op.f('pk_team_ancestors'))
    )
    with op.batch_alter_table('team_ancestors', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_team_ancestors_org_id_ancestor_id_team_id'), ['org_id', 'ancestor_id', 'team_id'], unique=False)

    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_memberships_org_id_user_id'))
        batch_op.create_index(batch_op.f('ix_memberships_org_id_user_id_team_id'), ['org_id', 'user_id', 'team_id'], unique=False)

    if op.get_bind().dialect.name == 'sqlite':
        op.execute("ANALYZE sqlite_schema")
        for index, (table, rows) in _STATISTICS.items():
            op.execute(f"INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('{table}', '{index}', '{rows}')")
        op.execute("ANALYZE sqlite_schema")


def downgrade() -> None:
    if op.get_bind().dialect.name == 'sqlite':
        for index in _STATISTICS:
            op.execute(f"DELETE FROM sqlite_stat1 WHERE idx = '{index}'")

    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_memberships_org_id_user_id_team_id'))
        batch_op.create_index(batch_op.f('ix_memberships_org_id_user_id'), ['org_id', 'user_id'], unique=False)

    with op.batch_alter_table('team_ancestors', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_team_ancestors_org_id_ancestor_id_team_id'))

    op.drop_table('team_ancestors')
    with op.batch_alter_table('subteams', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subteams_org_id_member_id_team_id'))

    op.drop_table('subteams')
