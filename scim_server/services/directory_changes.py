"""Changing what a directory is allowed, and how it is answered: any of it at once."""

from typing import Any

from scim_server.models import Adoption, BrakeMode, Directory, PatchResponse, Provider
from scim_server.services.adoption import set_adoption
from scim_server.services.brake import set_brake
from scim_server.services.context import Context
from scim_server.services.directories import allow_basic, answer_patches
from scim_server.services.team_ownership import set_adoption_of_teams

# The words of a directory are those of its table, which edges do not see.
__all__ = ["Adoption", "BrakeMode", "PatchResponse", "Provider", "change_directory"]


def change_directory(
    ctx: Context,
    directory: Directory,
    *,
    basic_auth: bool | None = None,
    adoption: Adoption | None = None,
    patch_response: PatchResponse | None = None,
    adopt_teams: bool | None = None,
    **brake: Any,
) -> Directory:
    """Have a directory be as it is said here; what is None stays. Of the brake there are brake_mode, brake_users,
    brake_share and brake_window.

    Raises NotAllowed, InvalidValue.
    """
    if basic_auth is not None:
        allow_basic(ctx, directory, basic_auth)
    if adoption is not None:
        set_adoption(ctx, directory, adoption)
    if patch_response is not None:
        answer_patches(ctx, directory, patch_response)
    if adopt_teams is not None:
        set_adoption_of_teams(ctx, directory, adopt_teams)
    return set_brake(ctx, directory, **brake)
