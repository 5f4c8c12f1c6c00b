"""the activity log."""

import sqlalchemy as sa
from alembic import op

revision = '0022'
down_revision = '0021'
branch_labels = None
depends_on = None

_NAMED_ELSEWHERE = sa.text('external_id IS NOT NULL')


def upgrade() -> None:
    op.add_column('events', sa.Column('ip', sa.String(), nullable=True))
    op.add_column('events', sa.Column('user_agent', sa.String(), nullable=True))
    op.add_column('events', sa.Column('external_id', sa.String(), nullable=True))
    op.drop_index(op.f('ix_events_org_id_target_id_id'), 'events')
    op.create_index(op.f('ix_events_org_id_at_id'), 'events', ['org_id', 'at', 'id'])
    op.create_index(op.f('ix_events_org_id_target_id_at_id'), 'events', ['org_id', 'target_id', 'at', 'id'])
    op.create_index(op.f('ix_events_org_id_actor_id_at_id'), 'events', ['org_id', 'actor_id', 'at', 'id'])
    op.create_index(op.f('ix_events_org_id_action_at_id'), 'events', ['org_id', 'action', 'at', 'id'])
    op.create_index('uq_events_external_id', 'events', ['org_id', 'external_id'], unique=True,
                    sqlite_where=_NAMED_ELSEWHERE, postgresql_where=_NAMED_ELSEWHERE)


def downgrade() -> None:
    for name in ('uq_events_external_id', 'ix_events_org_id_action_at_id', 'ix_events_org_id_actor_id_at_id',
                 'ix_events_org_id_target_id_at_id', 'ix_events_org_id_at_id'):
        op.drop_index(name, 'events')
    op.create_index(op.f('ix_events_org_id_target_id_id'), 'events', ['org_id', 'target_id', 'id'])
    for name in ('external_id', 'user_agent', 'ip'):
        op.drop_column('events', name)
