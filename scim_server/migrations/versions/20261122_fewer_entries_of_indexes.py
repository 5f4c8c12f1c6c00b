"""fewer entries of indexes."""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

# Each of these refers to a row of the organization that it cannot be without, and so to the organization.
_TWICE = ("users", "directory_requests", "checklists")
_LIVING = "status <> 'deleted'"
# Name, table, columns, whether unique, the rows that it had, and those that it has: none that say nothing of it.
_NARROWED = (
    ("uq_users_account", "users", ["org_id", "account_id"], True, _LIVING, f"{_LIVING} AND account_id IS NOT NULL"),
    ("ix_users_account_id", "users", ["account_id"], False, None, "account_id IS NOT NULL"),
    ("ix_users_position", "users", ["org_id", "position_id", "id", "status"], False, None, "position_id IS NOT NULL"),
    ("ix_directory_requests_org_id_target_id_id", "directory_requests", ["org_id", "target_id", "id"], False, None, "target_id IS NOT NULL"),
)
_UNASKED = "ix_directory_requests_org_id_request_id"


def upgrade() -> None:
    for table in _TWICE:
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_constraint(batch_op.f(f"fk_{table}_org_id"), type_="foreignkey")
    op.drop_index(_UNASKED, "directory_requests")
    for name, table, columns, unique, _, where in _NARROWED:
        _replace(name, table, columns, unique, where)


def downgrade() -> None:
    for name, table, columns, unique, where, _ in _NARROWED:
        _replace(name, table, columns, unique, where)
    op.create_index(_UNASKED, "directory_requests", ["org_id", "request_id"], unique=False)
    for table in _TWICE:
        with op.batch_alter_table(table) as batch_op:
            batch_op.create_foreign_key(batch_op.f(f"fk_{table}_org_id"), "organizations", ["org_id"], ["id"])


def _replace(name: str, table: str, columns: list[str], unique: bool, where: str | None) -> None:
    rows = sa.text(where) if where else None
    op.drop_index(name, table)
    op.create_index(name, table, columns, unique=unique, sqlite_where=rows, postgresql_where=rows)
