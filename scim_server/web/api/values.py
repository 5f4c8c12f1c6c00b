"""Values that the bodies and queries of several rooms take, and how far each goes."""

from typing import Annotated

from pydantic import AwareDatetime, Field

Name = Annotated[str, Field(min_length=1, max_length=100)]
Line = Annotated[str, Field(min_length=1, max_length=1024)]
# What a certificate takes, or a document in XML, and more.
LongText = Annotated[str, Field(min_length=1, max_length=1_000_000)]
Instant = AwareDatetime
Days = Annotated[int, Field(ge=1, le=36_500)]
