"""what a PATCH answers, by directory."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("directories") as batch_op:
        batch_op.add_column(sa.Column("patch_response", sa.String(), nullable=False, server_default="body"))
    with op.batch_alter_table("directories") as batch_op:
        batch_op.alter_column("patch_response", server_default=None)


def downgrade() -> None:
    with op.batch_alter_table("directories") as batch_op:
        batch_op.drop_column("patch_response")
