"""keys of the management API."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0020'
down_revision = '0019'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('api_keys',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('org_id', types.Id(length=36), nullable=True),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('prefix', sa.String(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('scopes', types.Names(), nullable=False),
    sa.Column('created_by', sa.String(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('revoked_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_api_keys_org_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_api_keys'))
    )
    with op.batch_alter_table('api_keys', schema=None) as batch_op:
        batch_op.create_index('uq_api_keys_key_hash', ['key_hash'], unique=True)
        batch_op.create_index(batch_op.f('ix_api_keys_org_id_id'), ['org_id', 'id'], unique=False)

    op.create_table('answered_requests',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('api_key_id', types.Id(length=36), nullable=False),
    sa.Column('idempotency_key', sa.String(), nullable=False),
    sa.Column('fingerprint', sa.LargeBinary(length=32), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('answer', sa.String(), nullable=True),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['api_key_id'], ['api_keys.id'], name=op.f('fk_answered_requests_api_key_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_answered_requests'))
    )
    with op.batch_alter_table('answered_requests', schema=None) as batch_op:
        batch_op.create_index('uq_answered_requests_key', ['api_key_id', 'idempotency_key'], unique=True)


def downgrade() -> None:
    op.drop_table('answered_requests')
    op.drop_table('api_keys')
