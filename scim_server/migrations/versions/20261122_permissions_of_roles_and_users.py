"""permissions of roles and users."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('permissions',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('key', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('description', sa.String(), nullable=False),
    sa.Column('group_name', sa.String(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_permissions'))
    )
    with op.batch_alter_table('permissions', schema=None) as batch_op:
        batch_op.create_index('uq_permissions_key', ['key'], unique=True)

    op.create_table('role_permissions',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('role_id', types.Id(length=36), nullable=False),
    sa.Column('permission', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'role_id'], ['roles.org_id', 'roles.id'], name=op.f('fk_role_permissions_org_id_role_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'role_id', 'permission', name=op.f('pk_role_permissions'))
    )
    with op.batch_alter_table('role_permissions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_role_permissions_permission'), ['permission'], unique=False)

    op.create_table('user_permissions',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('permission', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('source', sa.String(), nullable=False),
    sa.Column('granted', sa.Boolean(), nullable=False),
    sa.Column('given_by', sa.String(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_user_permissions_org_id_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'user_id', 'permission', 'source', name=op.f('pk_user_permissions'))
    )
    with op.batch_alter_table('user_permissions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_user_permissions_permission'), ['permission'], unique=False)


def downgrade() -> None:
    op.drop_table('user_permissions')
    op.drop_table('role_permissions')
    op.drop_table('permissions')
