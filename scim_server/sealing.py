"""What we hand out and want back unread and unchanged: sealed with the secret key of the settings."""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from cryptography.fernet import Fernet, InvalidToken
from pydantic import SecretStr

from scim_server.config import Settings


class Broken(Exception):
    """Not sealed by us, or not any more what we sealed."""


class Expired(Exception):
    """Sealed by us, longer ago than it is good for."""


def seal(settings: Settings, purpose: str, content: bytes, now: datetime) -> str:
    """Seal something for a purpose; what was sealed for another one does not open."""
    token = _fernet(settings.secret_key, purpose).encrypt_at_time(content, int(now.timestamp()))
    return token.rstrip(b"=").decode()


def unseal(settings: Settings, purpose: str, sealed: str, now: datetime, lifetime: timedelta) -> bytes:
    """Raises Broken, Expired."""
    content, sealed_at = _opened(settings, purpose, sealed.encode() + b"=" * (-len(sealed) % 4))
    if now.timestamp() - sealed_at > lifetime.total_seconds():
        raise Expired
    return content


def keyed_hash(settings: Settings, purpose: str, content: str) -> bytes:
    """What is kept of a text that is too short to be kept as a plain hash: nobody can try them all without the key."""
    return hmac.digest(_key(settings.secret_key, purpose), content.encode(), "sha256")


def _opened(settings: Settings, purpose: str, token: bytes) -> tuple[bytes, int]:
    """What was sealed, and when, with the key of today or one that it was before."""
    for secret in (settings.secret_key, *settings.previous_secret_keys):
        fernet = _fernet(secret, purpose)
        try:
            return fernet.decrypt(token), fernet.extract_timestamp(token)
        except InvalidToken:
            continue
    raise Broken


def _fernet(secret: SecretStr, purpose: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_key(secret, purpose)))


def _key(secret: SecretStr, purpose: str) -> bytes:
    # A keyed hash of a high-entropy key is a key: one for each purpose.
    text = secret.get_secret_value().encode()
    return hashlib.blake2b(purpose.encode(), key=hashlib.sha512(text).digest(), digest_size=32).digest()
