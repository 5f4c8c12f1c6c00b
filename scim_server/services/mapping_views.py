"""Group mappings as they are shown part by part."""

from uuid import UUID

from sqlalchemy import select, tuple_

from scim_server.models import GroupMapping, GroupSource
from scim_server.services.context import Context
from scim_server.services.errors import InvalidValue, NotFound
from scim_server.services.listing import Cut, Part

__all__ = ["GroupSource", "get_mapping", "read_mappings"]


def read_mappings(ctx: Context, cut: Cut) -> Part[GroupMapping]:
    """A part of the mappings, in order of priority.

    Raises InvalidValue where the one behind which it lies is gone.
    """
    query = select(GroupMapping).where(GroupMapping.org_id == ctx.org.id)
    if cut.after is not None:
        last = ctx.session.scalar(query.where(GroupMapping.id == cut.after))
        if last is None:
            raise InvalidValue("cursor", "is that of a mapping which is gone: begin anew")
        query = query.where(tuple_(GroupMapping.priority, GroupMapping.id) > (last.priority, last.id))
    found = ctx.session.scalars(query.order_by(GroupMapping.priority, GroupMapping.id).limit(cut.limit + 1)).all()
    return Part(found[: cut.limit], found[cut.limit - 1].id if len(found) > cut.limit else None)


def get_mapping(ctx: Context, mapping_id: UUID) -> GroupMapping:
    """Raises NotFound."""
    found = select(GroupMapping).where(GroupMapping.org_id == ctx.org.id, GroupMapping.id == mapping_id)
    mapping = ctx.session.scalar(found)
    if mapping is None:
        raise NotFound("mapping", mapping_id)
    return mapping
