"""What makes profiles of documents that were kept, for who undoes a change of them."""

from scim_server.scim import kinds
from scim_server.scim.payloads import keep
from scim_server.services.context import Context
from scim_server.services.undo_rows import Keeping


def keeping(ctx: Context) -> Keeping:
    """Profiles of users and of teams, as the organization has them."""
    users, groups = kinds.users(ctx), kinds.groups(ctx)
    return Keeping(lambda document: keep(document, users.fold), lambda document: keep(document, groups.fold))
