"""groups in groups."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


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


def downgrade() -> None:
    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_memberships_org_id_user_id_team_id'))
        batch_op.create_index(batch_op.f('ix_memberships_org_id_user_id'), ['org_id', 'user_id'], unique=False)

    with op.batch_alter_table('team_ancestors', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_team_ancestors_org_id_ancestor_id_team_id'))

    op.drop_table('team_ancestors')
    with op.batch_alter_table('subteams', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_subteams_org_id_member_id_team_id'))

    op.drop_table('subteams')
