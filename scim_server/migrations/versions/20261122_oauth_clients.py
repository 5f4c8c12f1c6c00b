"""OAuth clients, and tokens that act for a user."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('oauth_clients',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('directory_id', types.Id(length=36), nullable=False),
    sa.Column('public_id', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('secret_hash', sa.LargeBinary(length=32), nullable=True),
    sa.Column('jwks', types.Document(), nullable=True),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('revoked_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_used_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(secret_hash IS NULL) <> (jwks IS NULL)', name=op.f('ck_oauth_clients_one_credential')),
    sa.ForeignKeyConstraint(['org_id', 'directory_id'], ['directories.org_id', 'directories.id'], name=op.f('fk_oauth_clients_org_id_directory_id')),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_oauth_clients_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_oauth_clients'))
    )
    op.create_index('uq_oauth_clients_public_id', 'oauth_clients', ['public_id'], unique=True)

    op.create_table('consumed_assertions',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('client_id', types.Id(length=36), nullable=False),
    sa.Column('jti_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'client_id'], ['oauth_clients.org_id', 'oauth_clients.id'], name=op.f('fk_consumed_assertions_org_id_client_id')),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_consumed_assertions_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_consumed_assertions'))
    )
    op.create_index('uq_consumed_assertions_jti_hash', 'consumed_assertions', ['org_id', 'client_id', 'jti_hash'], unique=True)

    op.add_column('directories', sa.Column('basic_auth', sa.Boolean(), server_default=sa.false(), nullable=False))

    with op.batch_alter_table('scim_tokens', schema=None) as batch_op:
        batch_op.add_column(sa.Column('user_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('client_id', types.Id(length=36), nullable=True))
        batch_op.alter_column('directory_id',
               existing_type=types.Id(length=36),
               nullable=True)
        batch_op.create_index(batch_op.f('ix_scim_tokens_org_id_client_id_expires_at'), ['org_id', 'client_id', 'expires_at'], unique=False)
        batch_op.create_foreign_key(batch_op.f('fk_scim_tokens_org_id_user_id'), 'users', ['org_id', 'user_id'], ['org_id', 'id'])
        batch_op.create_foreign_key(batch_op.f('fk_scim_tokens_org_id_client_id'), 'oauth_clients', ['org_id', 'client_id'], ['org_id', 'id'])
        batch_op.create_check_constraint(op.f('ck_scim_tokens_one_principal'), '(directory_id IS NULL) <> (user_id IS NULL)')
        batch_op.create_check_constraint(op.f('ck_scim_tokens_client_of_directory'), 'client_id IS NULL OR directory_id IS NOT NULL')


def downgrade() -> None:
    # What the older schema has no place for.
    op.execute('DELETE FROM scim_tokens WHERE user_id IS NOT NULL OR client_id IS NOT NULL')
    with op.batch_alter_table('scim_tokens', schema=None) as batch_op:
        batch_op.drop_constraint(op.f('ck_scim_tokens_client_of_directory'), type_='check')
        batch_op.drop_constraint(op.f('ck_scim_tokens_one_principal'), type_='check')
        batch_op.drop_constraint(batch_op.f('fk_scim_tokens_org_id_client_id'), type_='foreignkey')
        batch_op.drop_constraint(batch_op.f('fk_scim_tokens_org_id_user_id'), type_='foreignkey')
        batch_op.drop_index(batch_op.f('ix_scim_tokens_org_id_client_id_expires_at'))
        batch_op.alter_column('directory_id',
               existing_type=types.Id(length=36),
               nullable=False)
        batch_op.drop_column('client_id')
        batch_op.drop_column('user_id')

    op.drop_column('directories', 'basic_auth')
    op.drop_index('uq_consumed_assertions_jti_hash', 'consumed_assertions')
    op.drop_table('consumed_assertions')
    op.drop_index('uq_oauth_clients_public_id', 'oauth_clients')
    op.drop_table('oauth_clients')
