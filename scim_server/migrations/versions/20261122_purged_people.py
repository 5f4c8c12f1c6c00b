"""purged people."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0019'
down_revision = '0018'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('purged_people',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('address_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('purged_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_purged_people_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'address_hash', name=op.f('pk_purged_people'))
    )


def downgrade() -> None:
    op.drop_table('purged_people')
