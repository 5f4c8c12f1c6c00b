"""Times as SAML writes them: always UTC, always with a Z (core, 1.3.3)."""

import re
from datetime import UTC, datetime, timedelta

from sso.errors import Reason, Refused

SKEW = timedelta(seconds=60)
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?Z", re.ASCII)
_LATEST = datetime(9999, 1, 1, tzinfo=UTC)


def read(text: str | None) -> datetime | None:
    """None if there is no text. Raises Refused."""
    if text is None:
        return None
    match = _MOMENT.fullmatch(text)
    try:
        moment = datetime.fromisoformat(f"{match[1]}+00:00") if match else None
    except ValueError:
        moment = None
    if moment is None:
        raise Refused(Reason.MALFORMED, expected="a time like 2030-01-31T12:00:00Z", came=text)
    return min(moment, _LATEST)


def write(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def refuse_early(moment: datetime | None, now: datetime) -> None:
    """Raises Refused."""
    if moment is not None and moment > now + SKEW:
        raise Refused(Reason.NOT_YET_VALID, expected=f"a time up to {write(now)}", came=write(moment))


def refuse_late(moment: datetime | None, now: datetime) -> None:
    """Raises Refused."""
    if moment is not None and moment + SKEW <= now:
        raise Refused(Reason.EXPIRED, expected=f"a time after {write(now)}", came=write(moment))
