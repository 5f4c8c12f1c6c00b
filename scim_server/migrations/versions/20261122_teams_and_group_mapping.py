"""teams and group mapping."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('claimed_groups',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('connection', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('value', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_claimed_groups_org_id_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'user_id', 'source', 'connection', 'value', name=op.f('pk_claimed_groups'))
    )
    with op.batch_alter_table('claimed_groups', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_claimed_groups_org_id_source_connection_value_user_id'), ['org_id', 'source', 'connection', 'value', 'user_id'], unique=False)

    op.create_table('group_mappings',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('group_id', types.Id(length=36), nullable=True),
    sa.Column('connection', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=True),
    sa.Column('value', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=True),
    sa.Column('role_id', types.Id(length=36), nullable=True),
    sa.Column('team_id', types.Id(length=36), nullable=True),
    sa.Column('priority', sa.Integer(), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('may_give_admin', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(source = 'scim') = (group_id IS NOT NULL)", name=op.f('ck_group_mappings_group_of_scim')),
    sa.CheckConstraint('(connection IS NULL) = (group_id IS NOT NULL)', name=op.f('ck_group_mappings_connection_of_claim')),
    sa.CheckConstraint('(value IS NULL) = (group_id IS NOT NULL)', name=op.f('ck_group_mappings_value_of_claim')),
    sa.CheckConstraint('role_id IS NOT NULL OR team_id IS NOT NULL', name=op.f('ck_group_mappings_gives_something')),
    sa.ForeignKeyConstraint(['org_id', 'group_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_group_mappings_org_id_group_id')),
    sa.ForeignKeyConstraint(['org_id', 'role_id'], ['roles.org_id', 'roles.id'], name=op.f('fk_group_mappings_org_id_role_id')),
    sa.ForeignKeyConstraint(['org_id', 'team_id'], ['teams.org_id', 'teams.id'], name=op.f('fk_group_mappings_org_id_team_id')),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_group_mappings_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_group_mappings'))
    )
    with op.batch_alter_table('group_mappings', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_group_mappings_org_id_priority_id'), ['org_id', 'priority', 'id'], unique=False)

    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.add_column(sa.Column('adopt_teams', sa.Boolean(), server_default=sa.true(), nullable=False))

    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.add_column(sa.Column('is_user', sa.Boolean(), server_default=sa.true(), nullable=False))
        batch_op.add_column(sa.Column('is_supervisor', sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column('sources', sa.Integer(), server_default='1', nullable=False))
        batch_op.create_check_constraint(batch_op.f('ck_memberships_some_part'), 'is_user OR is_supervisor')

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('main_team_id', types.Id(length=36), nullable=True))

    with op.batch_alter_table('teams', schema=None) as batch_op:
        batch_op.add_column(sa.Column('description', sa.String(), server_default='', nullable=False))
        batch_op.add_column(sa.Column('linked', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('role_by_hand_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('role_by_directory_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('role_by_mapping_id', types.Id(length=36), nullable=True))
        batch_op.create_foreign_key(batch_op.f('fk_users_org_id_role_by_mapping_id'), 'roles', ['org_id', 'role_by_mapping_id'], ['org_id', 'id'])
        batch_op.create_foreign_key(batch_op.f('fk_users_org_id_role_by_hand_id'), 'roles', ['org_id', 'role_by_hand_id'], ['org_id', 'id'])
        batch_op.create_foreign_key(batch_op.f('fk_users_org_id_role_by_directory_id'), 'roles', ['org_id', 'role_by_directory_id'], ['org_id', 'id'])


    _tell_who_gave_it()


def _tell_who_gave_it() -> None:
    """What was there came from the directory that the team or the user belongs to, or else from hands.

    The default role is nobody's gift, so whoever has it has been given none.
    """
    op.execute(
        "UPDATE memberships SET sources = 2 WHERE EXISTS (SELECT 1 FROM teams WHERE teams.org_id = memberships.org_id"
        " AND teams.id = memberships.team_id AND teams.directory_id IS NOT NULL)"
    )
    given = (
        "UPDATE users SET {} = role_id WHERE directory_id IS {} AND role_id NOT IN"
        " (SELECT id FROM roles WHERE roles.org_id = users.org_id AND roles.built_in = 'agent')"
    )
    op.execute(given.format("role_by_hand_id", "NULL"))
    op.execute(given.format("role_by_directory_id", "NOT NULL"))


def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_users_org_id_role_by_directory_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_users_org_id_role_by_hand_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_users_org_id_role_by_mapping_id'), type_='foreignkey')
        batch_op.drop_column('role_by_mapping_id')
        batch_op.drop_column('role_by_directory_id')
        batch_op.drop_column('role_by_hand_id')

    with op.batch_alter_table('teams', schema=None) as batch_op:
        batch_op.drop_column('linked')
        batch_op.drop_column('description')

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.drop_column('main_team_id')

    with op.batch_alter_table('memberships', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('ck_memberships_some_part'), type_='check')
        batch_op.drop_column('sources')
        batch_op.drop_column('is_supervisor')
        batch_op.drop_column('is_user')

    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.drop_column('adopt_teams')

    with op.batch_alter_table('group_mappings', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_group_mappings_org_id_priority_id'))

    op.drop_table('group_mappings')
    with op.batch_alter_table('claimed_groups', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_claimed_groups_org_id_source_connection_value_user_id'))

    op.drop_table('claimed_groups')
