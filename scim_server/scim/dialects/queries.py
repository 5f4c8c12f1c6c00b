"""Rewrites of the parameters of a query. Each names the exchange that made it necessary."""

import re
from collections.abc import Callable

Query = dict[str, str]
QueryRewrite = Callable[[Query], Query]

_NAMED = ("filter", "sortBy", "sortOrder", "startIndex", "count", "cursor", "attributes", "excludedAttributes")
_PARAMETERS = {name.lower(): name for name in _NAMED}
_STRING = re.compile(r'("(?:[^"\\]|\\.)*")')
_BARE_OPERAND = re.compile(r'(?i)(\s(?:eq|ne|co|sw|ew|gt|ge|lt|le)\s+)(?!(?:true|false|null)\b)([^\s()\[\]"]+)')
_EMAIL = re.compile(r"(?i)(?<![\w.:$-])email(?=\s+(?:eq|ne|co|sw|ew|gt|ge|lt|le|pr)\b)")
_SELECTION = re.compile(r"\[[^\]]*\]")


def name_parameters_plainly(query: Query) -> Query:
    """Microsoft's inbound collection sends `startindex` (exchange 60), where RFC 7644 §3.4.2 has `startIndex`."""
    return {_PARAMETERS.get(name.lower(), name): value for name, value in query.items()}


def order_in_lower_case(query: Query) -> Query:
    """`sortOrder=Descending` is an order too."""
    return query | {"sortOrder": query["sortOrder"].lower()} if "sortOrder" in query else query


def quote_bare_words(query: Query) -> Query:
    """Microsoft's test collection asks for `externalId eq jyoung` (exchange 61): never an empty answer for that."""
    return _in_filter(query, _BARE_OPERAND, r'\1"\2"')


def name_emails_in_full(query: Query) -> Query:
    """PingOne asks for `email Co "x"` (exchange 57), which no schema has: `emails.value` is meant."""
    return _in_filter(query, _EMAIL, "emails.value")


def name_attributes_without_selecting(query: Query) -> Query:
    """Microsoft's test collection asks for `attributes=emails[type eq "work"]` (exchange 61): for the e-mails, then."""
    asked = [name for name in ("attributes", "excludedAttributes") if "[" in query.get(name, "")]
    return query | {name: _SELECTION.sub("", query[name]) for name in asked}


def _in_filter(query: Query, pattern: re.Pattern[str], replacement: str) -> Query:
    """Replace what matches in the filter, but between quotation marks."""
    parts = _STRING.split(query.get("filter", ""))  # what stands between them is at the odd places
    plain = (part if index % 2 else pattern.sub(replacement, part) for index, part in enumerate(parts))
    return query | {"filter": "".join(plain)} if "filter" in query else query
