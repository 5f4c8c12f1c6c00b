"""positions, and who is whose manager."""

import unicodedata
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('positions',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('parent_id', types.Id(length=36), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('scope', sa.String(), nullable=False),
    sa.Column('name_key', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'parent_id'], ['positions.org_id', 'positions.id'], name=op.f('fk_positions_org_id_parent_id')),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_positions_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_positions'))
    )
    with op.batch_alter_table('positions', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_positions_org_id_parent_id_id'), ['org_id', 'parent_id', 'id'], unique=False)
        batch_op.create_index('uq_positions_name', ['org_id', 'name_key'], unique=True)

    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.add_column(sa.Column('position_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('manager_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('manager_name', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=True))
        batch_op.add_column(sa.Column('manager_name_key', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=True))
        batch_op.create_index('ix_users_manager', ['org_id', 'manager_id', 'status', 'id'], unique=False, sqlite_where=sa.text('manager_id IS NOT NULL'), postgresql_where=sa.text('manager_id IS NOT NULL'))
        batch_op.create_index('ix_users_manager_name', ['org_id', 'manager_name'], unique=False, sqlite_where=sa.text('manager_name IS NOT NULL'), postgresql_where=sa.text('manager_name IS NOT NULL'))
        batch_op.create_index('ix_users_manager_name_key', ['org_id', 'manager_name_key'], unique=False, sqlite_where=sa.text('manager_name_key IS NOT NULL'), postgresql_where=sa.text('manager_name_key IS NOT NULL'))
        batch_op.create_index('ix_users_position', ['org_id', 'position_id', 'id', 'status'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_users_org_id_position_id'), 'positions', ['org_id', 'position_id'], ['org_id', 'id'])

    _read_managers()


def downgrade() -> None:
    with op.batch_alter_table('users', schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f('fk_users_org_id_position_id'), type_='foreignkey')
        batch_op.drop_index('ix_users_position')
        batch_op.drop_index('ix_users_manager_name_key', sqlite_where=sa.text('manager_name_key IS NOT NULL'), postgresql_where=sa.text('manager_name_key IS NOT NULL'))
        batch_op.drop_index('ix_users_manager_name', sqlite_where=sa.text('manager_name IS NOT NULL'), postgresql_where=sa.text('manager_name IS NOT NULL'))
        batch_op.drop_index('ix_users_manager', sqlite_where=sa.text('manager_id IS NOT NULL'), postgresql_where=sa.text('manager_id IS NOT NULL'))
        batch_op.drop_column('manager_name_key')
        batch_op.drop_column('manager_name')
        batch_op.drop_column('manager_id')
        batch_op.drop_column('position_id')

    with op.batch_alter_table('positions', schema=None) as batch_op:
        batch_op.drop_index('uq_positions_name')
        batch_op.drop_index(batch_op.f('ix_positions_org_id_parent_id_id'))

    op.drop_table('positions')


def _read_managers() -> None:
    """Fill the new columns from the documents of those who have a manager, as services/profiles.py does."""
    users = sa.table(
        'users',
        sa.column('org_id', types.Id()),
        sa.column('id', types.Id()),
        sa.column('document', sa.Text()),
        sa.column('manager_id', types.Id()),
        sa.column('manager_name', sa.String()),
        sa.column('manager_name_key', sa.String()),
    )
    bind = op.get_bind()
    place = users.c.org_id, users.c.id
    page = sa.select(*place, users.c.document).where(users.c.document.contains('"manager":')).order_by(*place).limit(1000)
    after = None
    while rows := bind.execute(page if after is None else page.where(sa.tuple_(*place) > after)).all():
        for org_id, id, document in rows:
            if named := _manager(orjson.loads(document)):
                bind.execute(sa.update(users).where(users.c.org_id == org_id, users.c.id == id).values(named))
        after = sa.tuple_(*[sa.literal(value, types.Id()) for value in rows[-1][:2]])


def _manager(document: dict[str, Any]) -> dict[str, Any]:
    said = document.get('urn:ietf:params:scim:schemas:extension:enterprise:2.0:User') or {}
    value = (said.get('manager') or {}).get('value')
    if not value or len(value) > 512:
        return {}
    named = {'manager_name': value, 'manager_name_key': _folded(value)}
    try:
        id = UUID(value)
    except ValueError:
        return named
    return {'manager_id': id} | (named if id.version != 7 else {})


def _folded(text: str) -> str:
    return unicodedata.normalize('NFC', unicodedata.normalize('NFC', text).lower())
