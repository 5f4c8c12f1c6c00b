"""Passkeys (WebAuthn Level 2), as a second factor: a key pair whose private half never leaves an authenticator."""

from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import orjson
import structlog
from sqlalchemy import Select, delete, func, select
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import generate_challenge, parse_authentication_credential_json
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from scim_server.config import Settings
from scim_server.models import Passkey, PasskeyChallenge
from scim_server.models.base import new_id
from scim_server.services import accounts
from scim_server.services.accounts import AccountContext, record_everywhere
from scim_server.services.attempts import Attempt
from scim_server.services.constraints import flush
from scim_server.services.errors import InvalidValue, NotFound, PasskeyTaken, WrongCode
from scim_server.services.events import Action

log = structlog.get_logger(__name__)

MOST_PASSKEYS = 20
_LONGEST_NAME = 100
# As long as a person may take to find their telephone.
_LIFETIME = timedelta(minutes=5)
_REGISTERING, _SIGNING_IN = "registration", "sign-in"
_DEFAULT_PORTS = {"https": 443, "http": 80}


def begin_registration(about: AccountContext) -> tuple[UUID, dict[str, Any]]:
    """What to hand to `navigator.credentials.create()`, and the id of the challenge in it."""
    rp_id, _ = relying_party(about.settings)
    id, challenge = _ask(about, _REGISTERING)
    options = generate_registration_options(
        rp_id=rp_id,
        rp_name=rp_id,
        user_id=about.account.id.bytes,
        user_name=about.account.email,
        challenge=challenge,
        timeout=int(_LIFETIME.total_seconds() * 1000),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(list_passkeys(about)),
    )
    return id, orjson.loads(options_to_json(options))


def register(attempt: Attempt, account_id: UUID, challenge_id: UUID, credential: dict[str, Any], *, name: str) -> UUID:
    """Take up the passkey that answers a challenge, and return its id.

    Raises WrongCode, InvalidValue, PasskeyTaken.
    """
    challenge = _consume(attempt, account_id, challenge_id, _REGISTERING)
    rp_id, origin = relying_party(attempt.settings)
    try:
        verified = verify_registration_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 (whatever a library makes of the bytes of a stranger, it is no passkey)
        raise _refused(error) from None
    with attempt.acting(account_id) as about:
        if len(list_passkeys(about)) >= MOST_PASSKEYS:
            raise InvalidValue("passkeys", f"are at most {MOST_PASSKEYS}: remove one first")
        row = Passkey(
            id=new_id(),
            account_id=account_id,
            name=_named(name),
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=",".join(_transports(credential)),
            created_at=attempt.now,
        )
        about.session.add(row)
        flush(about.session, {"uq_passkeys_credential_id": PasskeyTaken()})
        about.account.changed(attempt.now)
        record_everywhere(about, Action.USER_SECOND_FACTOR_ADDED, kind="passkey")
        return row.id


def begin_verification(about: AccountContext) -> tuple[UUID, dict[str, Any]]:
    """What to hand to `navigator.credentials.get()`, and the id of the challenge in it."""
    rp_id, _ = relying_party(about.settings)
    id, challenge = _ask(about, _SIGNING_IN)
    options = generate_authentication_options(
        rp_id=rp_id,
        challenge=challenge,
        timeout=int(_LIFETIME.total_seconds() * 1000),
        allow_credentials=_descriptors(list_passkeys(about)),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return id, orjson.loads(options_to_json(options))


def verify(attempt: Attempt, account_id: UUID, challenge_id: UUID, credential: dict[str, Any]) -> UUID:
    """Tell that a passkey of the person's answers a challenge, and return its id.

    Raises WrongCode.
    """
    challenge = _consume(attempt, account_id, challenge_id, _SIGNING_IN)
    answer = _read(credential, account_id)
    with attempt.acting(account_id) as about:
        row = about.session.scalar(_mine(about).where(Passkey.credential_id == answer.raw_id))
        if row is None:
            raise WrongCode("passkey")
        row.sign_count = _sign_count(attempt.settings, row, challenge, answer)
        row.last_used_at = attempt.now
        return row.id


def list_passkeys(about: AccountContext) -> list[Passkey]:
    """The passkeys of an account, the oldest first."""
    return list(about.session.scalars(_mine(about).order_by(Passkey.id)))


def how_many(about: AccountContext) -> int:
    rows = select(func.count()).select_from(Passkey).where(Passkey.account_id == about.account.id)
    return about.session.scalar(rows) or 0


def remove(about: AccountContext, passkey_id: UUID) -> None:
    """Forget a passkey.

    Raises NotFound.
    """
    accounts.lock(about)
    row = about.session.scalar(_mine(about).where(Passkey.id == passkey_id))
    if row is None:
        raise NotFound("passkey", passkey_id)
    about.session.delete(row)
    about.session.flush()


def forget(about: AccountContext) -> None:
    """Forget every passkey of an account."""
    for table in (Passkey, PasskeyChallenge):
        about.session.execute(delete(table).where(table.account_id == about.account.id))


def relying_party(settings: Settings) -> tuple[str, str]:
    """Our id as a relying party, and the one origin of our pages: of the public URL, never of a header."""
    parts = urlsplit(settings.base_url)
    host, port = parts.hostname or "", parts.port
    shown = f"[{host}]" if ":" in host else host
    explicit = "" if port in (None, _DEFAULT_PORTS.get(parts.scheme)) else f":{port}"
    return host, f"{parts.scheme}://{shown}{explicit}"


def _ask(about: AccountContext, ceremony: str) -> tuple[UUID, bytes]:
    """A new challenge; those that nobody has answered in time go."""
    about.session.execute(delete(PasskeyChallenge).where(PasskeyChallenge.expires_at <= about.now))
    row = PasskeyChallenge(
        id=new_id(),
        account_id=about.account.id,
        ceremony=ceremony,
        challenge=generate_challenge(),
        expires_at=about.now + _LIFETIME,
    )
    about.session.add(row)
    about.session.flush()
    return row.id, row.challenge


def _consume(attempt: Attempt, account_id: UUID, challenge_id: UUID, ceremony: str) -> bytes:
    """The challenge of an id, which from now on is nobody's. Raises WrongCode."""
    with attempt.database.writing() as session:
        found = session.execute(
            delete(PasskeyChallenge)
            .where(
                PasskeyChallenge.id == challenge_id,
                PasskeyChallenge.account_id == account_id,
                PasskeyChallenge.ceremony == ceremony,
            )
            .returning(PasskeyChallenge.challenge, PasskeyChallenge.expires_at)
        ).one_or_none()
    if found is None or found.expires_at <= attempt.now:
        raise WrongCode("passkey")
    return bytes(found.challenge)


def _mine(about: AccountContext) -> Select[Passkey]:
    return select(Passkey).where(Passkey.account_id == about.account.id)


def _read(credential: dict[str, Any], account_id: UUID) -> AuthenticationCredential:
    """Raises WrongCode."""
    try:
        answer = parse_authentication_credential_json(credential)
    except Exception as error:  # noqa: BLE001 (whatever a library makes of the bytes of a stranger, it is no passkey)
        raise _refused(error) from None
    if answer.response.user_handle not in (None, account_id.bytes):
        raise WrongCode("passkey")
    return answer


def _sign_count(settings: Settings, row: Passkey, challenge: bytes, answer: AuthenticationCredential) -> int:
    """How often the authenticator has signed with a passkey, if it has signed this now.

    One that has not counted on has been copied. Raises WrongCode.
    """
    rp_id, origin = relying_party(settings)
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=rp_id,
            expected_origin=origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.sign_count,
            require_user_verification=True,
        )
    except Exception as error:  # noqa: BLE001 (as above)
        raise _refused(error) from None
    return verified.new_sign_count


def _refused(error: Exception) -> WrongCode:
    # For whoever looks for a fault; the person can only try again.
    log.info("passkey refused", kind=type(error).__name__, why=str(error)[:200])
    return WrongCode("passkey")


def _named(name: str) -> str:
    return " ".join(name.split())[:_LONGEST_NAME] or "Passkey"


def _transports(credential: dict[str, Any]) -> list[str]:
    """How the browser said that it reaches the authenticator: the next sign-in asks for it there."""
    named = credential["response"].get("transports")
    known = {transport.value for transport in AuthenticatorTransport}
    return sorted(known & {each for each in named if isinstance(each, str)}) if isinstance(named, list) else []


def _descriptors(rows: list[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=row.credential_id,
            transports=[AuthenticatorTransport(each) for each in row.transports.split(",") if each] or None,
        )
        for row in rows
    ]
