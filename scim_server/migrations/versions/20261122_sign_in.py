"""sign in."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('connections',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('type', sa.String(), nullable=False),
    sa.Column('provider', sa.String(), nullable=False),
    sa.Column('name', sa.String(), nullable=False),
    sa.Column('status', sa.String(), nullable=False),
    sa.Column('provisioning_mode', sa.String(), nullable=False),
    sa.Column('config', types.Document(), nullable=False),
    sa.Column('secrets', sa.String(), nullable=True),
    sa.Column('mapping', types.Document(), nullable=False),
    sa.Column('group_attribute', sa.String(), nullable=True),
    sa.Column('subject_attribute', sa.String(), nullable=True),
    sa.Column('links_external_id', sa.Boolean(), nullable=False),
    sa.Column('links_email', sa.Boolean(), nullable=False),
    sa.Column('pending', types.Document(), nullable=True),
    sa.Column('refreshed_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('refresh_problem', sa.String(), nullable=True),
    sa.Column('tested_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('tested_by', types.Id(length=36), nullable=True),
    sa.Column('warned_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_connections_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_connections'))
    )
    with op.batch_alter_table('connections', schema=None) as batch_op:
        batch_op.create_index('uq_connections_id', ['id'], unique=True)

    op.create_table('domains',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('name', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('proof', sa.String(), nullable=False),
    sa.Column('vouched', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('verified_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('checked_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('failing_since', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_domains_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_domains'))
    )
    with op.batch_alter_table('domains', schema=None) as batch_op:
        batch_op.create_index('uq_domains_name', ['org_id', 'name'], unique=True)
        batch_op.create_index('uq_domains_verified', ['name'], unique=True, sqlite_where=sa.text('verified_at IS NOT NULL'), postgresql_where=sa.text('verified_at IS NOT NULL'))

    op.create_table('accepted_messages',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('connection_id', types.Id(length=36), nullable=False),
    sa.Column('id_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['connections.org_id', 'connections.id'], name=op.f('fk_accepted_messages_org_id_connection_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'connection_id', 'id_hash', name=op.f('pk_accepted_messages'))
    )
    with op.batch_alter_table('accepted_messages', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_accepted_messages_expires_at'), ['expires_at'], unique=False)

    op.create_table('connection_domains',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('connection_id', types.Id(length=36), nullable=False),
    sa.Column('domain_id', types.Id(length=36), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['connections.org_id', 'connections.id'], name=op.f('fk_connection_domains_org_id_connection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id', 'domain_id'], ['domains.org_id', 'domains.id'], name=op.f('fk_connection_domains_org_id_domain_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'connection_id', 'domain_id', name=op.f('pk_connection_domains'))
    )
    with op.batch_alter_table('connection_domains', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_connection_domains_org_id_domain_id'), ['org_id', 'domain_id'], unique=False)

    op.create_table('login_attempts',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('connection_id', types.Id(length=36), nullable=False),
    sa.Column('purpose', sa.String(), nullable=False),
    sa.Column('key_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('browser_hash', sa.LargeBinary(length=32), nullable=False),
    sa.Column('sealed', sa.String(), nullable=False),
    sa.Column('return_to', sa.String(), nullable=True),
    sa.Column('tested_by', types.Id(length=36), nullable=True),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('used_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['connections.org_id', 'connections.id'], name=op.f('fk_login_attempts_org_id_connection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_login_attempts_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_login_attempts'))
    )
    with op.batch_alter_table('login_attempts', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_attempts_expires_at'), ['expires_at'], unique=False)
        batch_op.create_index('uq_login_attempts_key_hash', ['key_hash'], unique=True)

    op.create_table('connection_subjects',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('connection_id', types.Id(length=36), nullable=False),
    sa.Column('subject', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'connection_id'], ['connections.org_id', 'connections.id'], name=op.f('fk_connection_subjects_org_id_connection_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_connection_subjects_org_id_user_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'connection_id', 'subject', name=op.f('pk_connection_subjects'))
    )
    with op.batch_alter_table('connection_subjects', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_connection_subjects_org_id_user_id'), ['org_id', 'user_id'], unique=False)

    op.create_table('sign_ins',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('code', sa.String(), nullable=False),
    sa.Column('way', sa.String(), nullable=False),
    sa.Column('outcome', sa.String(), nullable=False),
    sa.Column('reason', sa.String(), nullable=True),
    sa.Column('user_id', types.Id(length=36), nullable=True),
    sa.Column('claimed', sa.String(), nullable=True),
    sa.Column('connection_id', types.Id(length=36), nullable=True),
    sa.Column('session_id', types.Id(length=36), nullable=True),
    sa.Column('ip', sa.String(), nullable=True),
    sa.Column('user_agent', sa.String(), nullable=True),
    sa.Column('details', types.Document(), nullable=False),
    sa.Column('request_id', sa.String(), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_sign_ins_org_id_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_sign_ins_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_sign_ins'))
    )
    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_sign_ins_at'), ['at'], unique=False)
        batch_op.create_index('ix_sign_ins_user', ['org_id', 'user_id', 'id'], unique=False)
        batch_op.create_index('uq_sign_ins_code', ['org_id', 'code'], unique=True)

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.add_column(sa.Column('sso_required_at', types.UtcDateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column('break_glass_user_id', types.Id(length=36), nullable=True))

    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.add_column(sa.Column('way', sa.String(), server_default='password', nullable=False))
        batch_op.add_column(sa.Column('connection_id', types.Id(length=36), nullable=True))
        batch_op.add_column(sa.Column('subject', sa.String().with_variant(sa.String(collation='C'), 'postgresql'), nullable=True))
        batch_op.add_column(sa.Column('idp_session', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('hint', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('ip', sa.String(), nullable=True))
        batch_op.add_column(sa.Column('user_agent', sa.String(), nullable=True))
        batch_op.create_index('ix_sessions_subject', ['org_id', 'connection_id', 'subject'], unique=False, sqlite_where=sa.text('ended_at IS NULL AND subject IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND subject IS NOT NULL'))


def downgrade() -> None:
    with op.batch_alter_table('sessions', schema=None) as batch_op:
        batch_op.drop_index('ix_sessions_subject', sqlite_where=sa.text('ended_at IS NULL AND subject IS NOT NULL'), postgresql_where=sa.text('ended_at IS NULL AND subject IS NOT NULL'))
        batch_op.drop_column('user_agent')
        batch_op.drop_column('ip')
        batch_op.drop_column('hint')
        batch_op.drop_column('idp_session')
        batch_op.drop_column('subject')
        batch_op.drop_column('connection_id')
        batch_op.drop_column('way')

    with op.batch_alter_table('organizations', schema=None) as batch_op:
        batch_op.drop_column('break_glass_user_id')
        batch_op.drop_column('sso_required_at')

    with op.batch_alter_table('sign_ins', schema=None) as batch_op:
        batch_op.drop_index('uq_sign_ins_code')
        batch_op.drop_index('ix_sign_ins_user')
        batch_op.drop_index(batch_op.f('ix_sign_ins_at'))

    op.drop_table('sign_ins')
    with op.batch_alter_table('connection_subjects', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_connection_subjects_org_id_user_id'))

    op.drop_table('connection_subjects')
    with op.batch_alter_table('login_attempts', schema=None) as batch_op:
        batch_op.drop_index('uq_login_attempts_key_hash')
        batch_op.drop_index(batch_op.f('ix_login_attempts_expires_at'))

    op.drop_table('login_attempts')
    with op.batch_alter_table('connection_domains', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_connection_domains_org_id_domain_id'))

    op.drop_table('connection_domains')
    with op.batch_alter_table('accepted_messages', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_accepted_messages_expires_at'))

    op.drop_table('accepted_messages')
    with op.batch_alter_table('domains', schema=None) as batch_op:
        batch_op.drop_index('uq_domains_verified', sqlite_where=sa.text('verified_at IS NOT NULL'), postgresql_where=sa.text('verified_at IS NOT NULL'))
        batch_op.drop_index('uq_domains_name')

    op.drop_table('domains')
    with op.batch_alter_table('connections', schema=None) as batch_op:
        batch_op.drop_index('uq_connections_id')

    op.drop_table('connections')
