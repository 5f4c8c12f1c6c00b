"""What a connection says of a person, from what an identity provider has told: by its mapping, or else its preset's."""

from scim_server.models import Connection
from scim_server.services.provisioning import Said
from sso import claims, presets
from sso.connection import Preset, Protocol
from sso.identity import Identity


def read(connection: Connection, identity: Identity) -> Said:
    """What an identity provider says of a person, by the connection's mapping."""
    protocol, preset = Protocol(connection.type), Preset(connection.provider)
    chosen = {field: tuple([names] if isinstance(names, str) else names) for field, names in connection.mapping.items()}
    mapping = presets.mapping_of(preset, protocol, chosen)
    own = connection.group_attribute
    groups = claims.groups_of(identity, [own] if own else presets.set_up(preset, protocol).group_attributes)
    subject = identity.subject
    if connection.subject_attribute is not None:
        named = claims.values_of(identity, [connection.subject_attribute])
        subject = named[0] if len(named) == 1 else ""
    return Said(
        subject=subject,
        email=claims.email_of(identity, mapping),
        values={name: value for name, value in claims.read(identity, mapping).items() if name != "emails"},
        groups=() if groups is None and own and not _is_overflowing(identity, own) else groups,
        email_proves=identity.email_verified is not False,
    )


def _is_overflowing(identity: Identity, group_attribute: str) -> bool:
    """Whether somebody is in more groups than Entra ID writes into an answer: it sends an address in their place. Else,
    where an admin has said which attribute it is, to leave it out is to say that there are none.
    """
    links = f"_claim_names.{group_attribute}", "http://schemas.microsoft.com/claims/groups.link"
    return any(link in identity.claims for link in links)
