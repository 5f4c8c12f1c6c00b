"""ways to sign in."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0009b'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('access_codes',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=True),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('address_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_access_codes_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_access_codes'))
    )
    with op.batch_alter_table('access_codes', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_codes_address_hash_created_at'), ['address_hash', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_codes_created_at'), ['created_at'], unique=False)
        batch_op.create_index('uq_access_codes_open', ['account_id', 'purpose'], unique=True, sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))

    op.create_table('failed_tries',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=False),
    sa.Column('at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_failed_tries_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_failed_tries'))
    )
    with op.batch_alter_table('failed_tries', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_failed_tries_account_id_at'), ['account_id', 'at'], unique=False)

    op.create_table('passkey_challenges',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=False),
    sa.Column('ceremony', sa.String(), nullable=False),
    sa.Column('challenge', sa.LargeBinary(length=64), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_passkey_challenges_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey_challenges'))
    )
    with op.batch_alter_table('passkey_challenges', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_passkey_challenges_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_passkey_challenges_expires_at'), ['expires_at'], unique=False)

    op.create_table('passkeys',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('credential_id', sa.LargeBinary(length=1023), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('transports', sa.String(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_passkeys_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkeys'))
    )
    with op.batch_alter_table('passkeys', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_passkeys_account_id'), ['account_id'], unique=False)
        batch_op.create_index('uq_passkeys_credential_id', ['credential_id'], unique=True)

    op.create_table('password_resets',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=True),
    sa.Column('address_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('token_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_password_resets_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_password_resets'))
    )
    with op.batch_alter_table('password_resets', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_password_resets_account_id'), ['account_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_password_resets_address_hash_created_at'), ['address_hash', 'created_at'], unique=False)
        batch_op.create_index(batch_op.f('ix_password_resets_created_at'), ['created_at'], unique=False)
        batch_op.create_index('uq_password_resets_token_hash', ['token_hash'], unique=True)

    op.create_table('recovery_codes',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=False),
    sa.Column('code_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_recovery_codes_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_codes'))
    )
    with op.batch_alter_table('recovery_codes', schema=None) as batch_op:
        batch_op.create_index('uq_recovery_codes_code_hash', ['account_id', 'code_hash'], unique=True)

    op.create_table('totp_secrets',
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('account_id', types.Id(length=36), nullable=False),
    sa.Column('sealed', sa.String(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('confirmed_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_step', sa.BigInteger(), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['accounts.id'], name=op.f('fk_totp_secrets_account_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_totp_secrets'))
    )
    with op.batch_alter_table('totp_secrets', schema=None) as batch_op:
        batch_op.create_index('uq_totp_secrets_confirmed', ['account_id'], unique=True, sqlite_where=sa.text('confirmed_at IS NOT NULL'), postgresql_where=sa.text('confirmed_at IS NOT NULL'))
        batch_op.create_index('uq_totp_secrets_pending', ['account_id'], unique=True, sqlite_where=sa.text('confirmed_at IS NULL'), postgresql_where=sa.text('confirmed_at IS NULL'))



def downgrade() -> None:
    with op.batch_alter_table('totp_secrets', schema=None) as batch_op:
        batch_op.drop_index('uq_totp_secrets_pending', sqlite_where=sa.text('confirmed_at IS NULL'), postgresql_where=sa.text('confirmed_at IS NULL'))
        batch_op.drop_index('uq_totp_secrets_confirmed', sqlite_where=sa.text('confirmed_at IS NOT NULL'), postgresql_where=sa.text('confirmed_at IS NOT NULL'))

    op.drop_table('totp_secrets')
    with op.batch_alter_table('recovery_codes', schema=None) as batch_op:
        batch_op.drop_index('uq_recovery_codes_code_hash')

    op.drop_table('recovery_codes')
    with op.batch_alter_table('password_resets', schema=None) as batch_op:
        batch_op.drop_index('uq_password_resets_token_hash')
        batch_op.drop_index(batch_op.f('ix_password_resets_created_at'))
        batch_op.drop_index(batch_op.f('ix_password_resets_address_hash_created_at'))
        batch_op.drop_index(batch_op.f('ix_password_resets_account_id'))

    op.drop_table('password_resets')
    with op.batch_alter_table('passkeys', schema=None) as batch_op:
        batch_op.drop_index('uq_passkeys_credential_id')
        batch_op.drop_index(batch_op.f('ix_passkeys_account_id'))

    op.drop_table('passkeys')
    with op.batch_alter_table('passkey_challenges', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_passkey_challenges_expires_at'))
        batch_op.drop_index(batch_op.f('ix_passkey_challenges_account_id'))

    op.drop_table('passkey_challenges')
    with op.batch_alter_table('failed_tries', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_failed_tries_account_id_at'))

    op.drop_table('failed_tries')
    with op.batch_alter_table('access_codes', schema=None) as batch_op:
        batch_op.drop_index('uq_access_codes_open', sqlite_where=sa.text('ended_at IS NULL'), postgresql_where=sa.text('ended_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_access_codes_created_at'))
        batch_op.drop_index(batch_op.f('ix_access_codes_address_hash_created_at'))

    op.drop_table('access_codes')
