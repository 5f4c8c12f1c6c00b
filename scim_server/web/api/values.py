"""Values that the bodies and queries of several rooms take, and how far each goes."""

from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import AwareDatetime, Field

# NUL is in no text that a database keeps.
KEEPABLE = r"^[^\x00]*$"

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=KEEPABLE)]
Text = Annotated[str, Field(min_length=1, max_length=1024, pattern=KEEPABLE)]
# What a certificate or a document in XML takes, and more.
LongText = Annotated[str, Field(min_length=1, max_length=100_000, pattern=KEEPABLE)]
# Any later or earlier, and an instant with a time zone may be none in UTC.
Instant = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), lt=datetime(9000, 1, 1, tzinfo=UTC))]
Days = Annotated[int, Field(ge=1, le=36_500)]


def left_out() -> Any:
    """The default of a field that may be left out and cannot be null: `given()` does not have it then."""
    return Field(default_factory=lambda: None)
