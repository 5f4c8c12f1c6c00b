"""Values that the bodies and queries of several rooms take, and how far each goes."""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field

# NUL is in no text that a database keeps: nobody gets one past web/api/reading.py, and the document says so.
KEEPABLE = r"^[^\x00]*$"

Name = Annotated[str, Field(min_length=1, max_length=100, pattern=KEEPABLE)]
Text = Annotated[str, Field(min_length=1, max_length=1024, pattern=KEEPABLE)]
Line = Text
# What a certificate takes, or a document in XML, and more.
LongText = Annotated[str, Field(min_length=1, max_length=1_000_000, pattern=KEEPABLE)]
Instant = AwareDatetime
Days = Annotated[int, Field(ge=1, le=36_500)]


def left_out() -> Any:
    """The default of a field that may be left out and cannot be null: `given()` does not have it then."""
    return Field(default_factory=lambda: None)
