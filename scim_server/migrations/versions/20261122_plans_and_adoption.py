"""plans and adoption."""

import sqlalchemy as sa
from alembic import op

revision = '0008'
down_revision = '0007'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('overage', sa.String(), server_default='block', nullable=False))

    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.add_column(sa.Column('adoption', sa.String(), server_default='link', nullable=False))


def downgrade() -> None:
    with op.batch_alter_table('directories', schema=None) as batch_op:
        batch_op.drop_column('adoption')

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.drop_column('overage')
