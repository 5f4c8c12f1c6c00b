"""checklists and access reviews."""

import sqlalchemy as sa
from alembic import op

from scim_server.models import types

revision = '0023'
down_revision = '0022'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('access_reviews',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('opened_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('opened_by', sa.String(), nullable=False),
    sa.Column('opened_by_id', types.Id(length=36), nullable=True),
    sa.Column('due_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('reminded_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('signed_off_by', sa.String(), nullable=True),
    sa.Column('signed_off_by_id', types.Id(length=36), nullable=True),
    sa.Column('signed_off_through', sa.String(), nullable=True),
    sa.Column('digest', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_access_reviews_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_access_reviews'))
    )
    with op.batch_alter_table('access_reviews', schema=None) as batch_op:
        batch_op.create_index('uq_access_reviews_open', ['org_id'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.create_table('checklist_templates',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('content', types.Document(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_checklist_templates_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_checklist_templates'))
    )
    with op.batch_alter_table('checklist_templates', schema=None) as batch_op:
        batch_op.create_index('uq_checklist_templates_kind', ['org_id', 'kind'], unique=True)

    op.create_table('access_review_lines',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('review_id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('user_name', sa.String(), nullable=False),
    sa.Column('display_name', sa.String(), nullable=False),
    sa.Column('role', sa.String(), nullable=False),
    sa.Column('is_admin', sa.Boolean(), nullable=False),
    sa.Column('is_owner', sa.Boolean(), nullable=False),
    sa.Column('origin', sa.String(), nullable=False),
    sa.Column('directory', sa.String(), nullable=True),
    sa.Column('permissions', types.Document(), server_default='{}', nullable=False),
    sa.Column('joined_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_sign_in_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sign_ins_lately', sa.Integer(), nullable=False),
    sa.Column('decision', sa.String(), nullable=True),
    sa.Column('new_role', sa.String(), nullable=True),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('carried_out', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('decided_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(), nullable=True),
    sa.Column('decided_by_id', types.Id(length=36), nullable=True),
    sa.Column('salt', sa.String(), nullable=False),
    sa.Column('erased_digest', sa.String(), nullable=True),
    sa.ForeignKeyConstraint(['org_id', 'review_id'], ['access_reviews.org_id', 'access_reviews.id'], name=op.f('fk_access_review_lines_org_id_review_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('org_id', 'review_id', 'user_id', name=op.f('pk_access_review_lines'))
    )
    with op.batch_alter_table('access_review_lines', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_access_review_lines_org_id_decided_by_id'), ['org_id', 'decided_by_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_access_review_lines_org_id_user_id'), ['org_id', 'user_id'], unique=False)
        batch_op.create_index('ix_access_review_lines_undecided', ['org_id', 'review_id', 'user_id'], unique=False, sqlite_where=sa.text('decision IS NULL'), postgresql_where=sa.text('decision IS NULL'))

    op.create_table('checklists',
    sa.Column('org_id', types.Id(length=36), nullable=False),
    sa.Column('id', types.Id(length=36), nullable=False),
    sa.Column('user_id', types.Id(length=36), nullable=False),
    sa.Column('kind', sa.String(), nullable=False),
    sa.Column('state', sa.String(), nullable=False),
    sa.Column('content', types.Document(), nullable=False),
    sa.Column('note', sa.String(), nullable=True),
    sa.Column('ended_at', types.UtcDateTime(timezone=True), nullable=True),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('created_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.Column('updated_at', types.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['org_id', 'user_id'], ['users.org_id', 'users.id'], name=op.f('fk_checklists_org_id_user_id'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['org_id'], ['organizations.id'], name=op.f('fk_checklists_org_id')),
    sa.PrimaryKeyConstraint('org_id', 'id', name=op.f('pk_checklists'))
    )
    with op.batch_alter_table('checklists', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_checklists_org_id_state_kind_id'), ['org_id', 'state', 'kind', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_checklists_org_id_user_id'), ['org_id', 'user_id'], unique=False)
        batch_op.create_index('uq_checklists_open', ['org_id', 'user_id', 'kind'], unique=True, sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))


def downgrade() -> None:
    with op.batch_alter_table('checklists', schema=None) as batch_op:
        batch_op.drop_index('uq_checklists_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))
        batch_op.drop_index(batch_op.f('ix_checklists_org_id_user_id'))
        batch_op.drop_index(batch_op.f('ix_checklists_org_id_state_kind_id'))

    op.drop_table('checklists')
    with op.batch_alter_table('access_review_lines', schema=None) as batch_op:
        batch_op.drop_index('ix_access_review_lines_undecided', sqlite_where=sa.text('decision IS NULL'), postgresql_where=sa.text('decision IS NULL'))
        batch_op.drop_index(batch_op.f('ix_access_review_lines_org_id_user_id'))
        batch_op.drop_index(batch_op.f('ix_access_review_lines_org_id_decided_by_id'))

    op.drop_table('access_review_lines')
    with op.batch_alter_table('checklist_templates', schema=None) as batch_op:
        batch_op.drop_index('uq_checklist_templates_kind')

    op.drop_table('checklist_templates')
    with op.batch_alter_table('access_reviews', schema=None) as batch_op:
        batch_op.drop_index('uq_access_reviews_open', sqlite_where=sa.text("state = 'open'"), postgresql_where=sa.text("state = 'open'"))

    op.drop_table('access_reviews')
