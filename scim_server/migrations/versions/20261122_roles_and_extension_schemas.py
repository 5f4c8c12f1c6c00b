"""roles, extension schemas of organizations, and what the product knows of a user."""

from datetime import UTC, datetime

import sqlalchemy as sa
import uuid_utils.compat
from alembic import op

from scim_server.models import types

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BUILT_IN = (
    ("admin", "Admin", "May do everything."),
    ("agent", "Agent", "Works tickets, and changes a few settings."),
    ("viewer", "Viewer", "Sees everything, and changes nothing."),
)


def _key() -> sa.types.TypeEngine[str]:
    return sa.String().with_variant(sa.String(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "extension_schemas",
        sa.Column("org_id", types.Id(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("urn", sa.String(), nullable=False),
        sa.Column("extends", sa.String(), nullable=False),
        sa.Column("document", types.Document(), nullable=False),
        sa.Column("urn_key", _key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name=op.f("fk_extension_schemas_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_extension_schemas")),
    )
    op.create_index("uq_extension_schemas_urn", "extension_schemas", ["org_id", "urn_key"], unique=True)
    roles = op.create_table(
        "roles",
        sa.Column("org_id", types.Id(), nullable=False),
        sa.Column("id", types.Id(), nullable=False),
        sa.Column("built_in", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=False),
        sa.Column("name_key", _key(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", types.UtcDateTime(), nullable=False),
        sa.Column("updated_at", types.UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["org_id"], ["organizations.id"], name=op.f("fk_roles_org_id")),
        sa.PrimaryKeyConstraint("org_id", "id", name=op.f("pk_roles")),
    )
    op.create_index("uq_roles_name", "roles", ["org_id", "name_key"], unique=True)
    with op.batch_alter_table("organizations") as batch_op:
        batch_op.add_column(sa.Column("declared_id", types.Id(), nullable=True))
    with op.batch_alter_table("users") as batch_op:
        batch_op.add_column(sa.Column("role_id", types.Id(), nullable=True))
        batch_op.add_column(sa.Column("nickname", sa.String(), nullable=True))
        batch_op.add_column(sa.Column("availability", sa.String(), nullable=False, server_default="available"))
        batch_op.add_column(sa.Column("reception_capacity", sa.Integer(), nullable=True))
    _give_everybody_a_role(roles)
    with op.batch_alter_table("organizations") as batch_op:
        batch_op.alter_column("declared_id", nullable=False)
    with op.batch_alter_table("users") as batch_op:
        batch_op.alter_column("role_id", nullable=False)
        batch_op.alter_column("availability", server_default=None)
        batch_op.create_index(batch_op.f("ix_users_org_id_role_id"), ["org_id", "role_id"])
        batch_op.create_foreign_key(
            batch_op.f("fk_users_org_id_role_id"), "roles", ["org_id", "role_id"], ["org_id", "id"]
        )


def _give_everybody_a_role(roles: sa.Table) -> None:
    """The built-in roles for every organization, and the one of an agent for all of its users."""
    connection, now = op.get_bind(), datetime.now(UTC)
    organizations = sa.table("organizations", sa.column("id", types.Id()), sa.column("declared_id", types.Id()))
    users = sa.table("users", sa.column("org_id", types.Id()), sa.column("role_id", types.Id()))
    for org_id in connection.scalars(sa.select(organizations.c.id)).all():
        made = [
            {
                "org_id": org_id,
                "id": uuid_utils.compat.uuid7(),
                "built_in": built_in,
                "name": name,
                "description": description,
                "name_key": built_in,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
            for built_in, name, description in _BUILT_IN
        ]
        connection.execute(sa.insert(roles), made)
        agent = next(role["id"] for role in made if role["built_in"] == "agent")
        connection.execute(sa.update(users).where(users.c.org_id == org_id).values(role_id=agent))
        connection.execute(
            sa.update(organizations)
            .where(organizations.c.id == org_id)
            .values(declared_id=uuid_utils.compat.uuid7())
        )


def downgrade() -> None:
    with op.batch_alter_table("users") as batch_op:
        batch_op.drop_constraint(batch_op.f("fk_users_org_id_role_id"), type_="foreignkey")
        batch_op.drop_index(batch_op.f("ix_users_org_id_role_id"))
        batch_op.drop_column("reception_capacity")
        batch_op.drop_column("availability")
        batch_op.drop_column("nickname")
        batch_op.drop_column("role_id")
    with op.batch_alter_table("organizations") as batch_op:
        batch_op.drop_column("declared_id")
    op.drop_table("roles")
    op.drop_table("extension_schemas")
