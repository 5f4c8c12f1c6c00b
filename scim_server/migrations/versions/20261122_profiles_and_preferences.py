"""profiles and preferences."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('user_preferences',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('chosen', types.Document(), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_user_preferences_org_id_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'user_id', name=op.f('pk_user_preferences'))
    )
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('by_hand', types.Names(), server_default='[]', nullable=False))



def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_column('by_hand')

    op.drop_table('user_preferences')
