"""states of organizations and directories."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_TABLES = ("organizations", "directories")


def upgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column("state_id", types.Id(), nullable=True))
        # Of nothing else, and the first change makes it another one: as good as any.
        rows = sa.table(table, sa.column("id", types.Id()), sa.column("state_id", types.Id()))
        op.execute(sa.update(rows).values(state_id=rows.c.id))
        with op.batch_alter_table(table) as batch_op:
            batch_op.alter_column("state_id", existing_type=types.Id(), nullable=False)


def downgrade() -> None:
    for table in _TABLES:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column("state_id")
