"""Instants, as a person wants to read them."""

from datetime import datetime
from zoneinfo import ZoneInfo

from scim_server.models import DatePattern, HourCycle
from scim_server.services.preferences import Preferences

_DATES = {
    DatePattern.ISO: "%Y-%m-%d",
    DatePattern.DAY_FIRST: "%d/%m/%Y",
    DatePattern.DAY_FIRST_DOTS: "%d.%m.%Y",
    DatePattern.MONTH_FIRST: "%m/%d/%Y",
}
_HOURS = {HourCycle.TWELVE: "%I:%M %p", HourCycle.TWENTY_FOUR: "%H:%M"}


def written(at: datetime, preferences: Preferences) -> str:
    """A date and a time, where the person is, to the minute."""
    there = at.astimezone(ZoneInfo(preferences.time_zone))
    return there.strftime(f"{_DATES[preferences.date_pattern]} {_HOURS[preferences.hour_cycle]}")
