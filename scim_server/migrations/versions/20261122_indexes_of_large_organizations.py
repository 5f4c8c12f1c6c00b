"""indexes of large organizations."""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

_OF_USER = sa.text("user_id IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_scim_tokens_user", "scim_tokens", ["org_id", "user_id"], unique=False, sqlite_where=_OF_USER, postgresql_where=_OF_USER)
    op.drop_index("ix_users_org_id_role_id", "users")
    op.create_index("ix_users_org_id_role_id_id", "users", ["org_id", "role_id", "id"], unique=False)
    op.create_index("ix_users_org_id_id_status", "users", ["org_id", "id", "status"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_users_org_id_id_status", "users")
    op.drop_index("ix_users_org_id_role_id_id", "users")
    op.create_index("ix_users_org_id_role_id", "users", ["org_id", "role_id"], unique=False)
    op.drop_index("ix_scim_tokens_user", "scim_tokens")
