"""Times as an operator gives them: an instant, or how long ago it was."""

import re
from datetime import UTC, datetime, timedelta

import click

_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def since(value: str) -> datetime | timedelta:
    """Raises BadParameter."""
    if found := re.fullmatch(r"(\d{1,4})([mhd])", value):
        return timedelta(**{_UNITS[found[2]]: int(found[1])})
    try:
        at = datetime.fromisoformat(value)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f"{value!r} is no time such as 2026-05-01T12:00, and no span such as 2h.") from None
