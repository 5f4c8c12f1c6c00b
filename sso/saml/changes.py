"""What a refresh of a provider's metadata means: a pure rule, over what we know and what it says now.

Whoever answers at the address of the metadata can say what it likes there, so it may go on with what an admin has
trusted once, and not put another provider in its place.
"""

from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from sso.saml.metadata import IdpMetadata


class Meaning(StrEnum):
    NOTHING = "nothing"
    """It says what we know."""
    TAKE_UP = "take_up"
    """It goes on: a certificate more or less, an address on the same host."""
    ASK = "ask"
    """It may be somebody else: an admin has to look at it first."""


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """`why` are sentences for an admin; certificates are named by their fingerprints."""

    meaning: Meaning
    why: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


_ADDRESSES = (
    "sso_redirect_url",
    "sso_post_url",
    "slo_redirect_url",
    "slo_post_url",
    "slo_redirect_response_url",
    "slo_post_response_url",
)


def changes(before: IdpMetadata, after: IdpMetadata | None) -> MetadataChange:
    """Compare what we know with what the metadata says now; None stands for metadata that could not be used."""
    if after is None:
        return MetadataChange(Meaning.ASK, ("The metadata that is there now cannot be used.",))
    old, new = ({it.fingerprint: it for it in known.certificates} for known in (before, after))
    added, removed = tuple(it for it in new if it not in old), tuple(it for it in old if it not in new)
    ask = _doubts(before, after, all_new=not old.keys() & new.keys())
    if ask:
        return MetadataChange(Meaning.ASK, ask, added, removed)
    why = (
        *(f"A certificate is new: {new[it].subject}, {it}." for it in added),
        *(f"A certificate is gone: {old[it].subject}, {it}." for it in removed),
        *(f"The address {name} is now {_at(after, name)}." for name in _moved(before, after)),
        *(["Requests to sign in have to be signed from now on."] if _has_to_sign(before, after) else []),
    )
    return MetadataChange(Meaning.TAKE_UP if why else Meaning.NOTHING, why, added, removed)


def _doubts(before: IdpMetadata, after: IdpMetadata, *, all_new: bool) -> tuple[str, ...]:
    known = {_origin(it) for name in _ADDRESSES if (it := _at(before, name)) is not None}
    return (
        *(
            [f"The provider is another one: {before.entity_id} before, {after.entity_id} now."]
            if before.entity_id != after.entity_id
            else []
        ),
        *(["None of the certificates is one that we know."] if all_new else []),
        *(
            f"The address {name} is on another host now: {it}."
            for name in _moved(before, after)
            if (it := _at(after, name)) is not None and _origin(it) not in known
        ),
    )


def _moved(before: IdpMetadata, after: IdpMetadata) -> list[str]:
    return [name for name in _ADDRESSES if _at(before, name) != _at(after, name)]


def _has_to_sign(before: IdpMetadata, after: IdpMetadata) -> bool:
    return after.want_authn_requests_signed and not before.want_authn_requests_signed


def _at(metadata: IdpMetadata, name: str) -> str | None:
    address: str | None = getattr(metadata, name)
    return address


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"https": 443, "http": 80}.get(parts.scheme)
