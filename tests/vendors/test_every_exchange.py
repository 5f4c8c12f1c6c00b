"""Every exchange of the catalogue has a test here that names it in its docstring."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# The catalogue of what identity providers send counts so far.
EXCHANGES = range(1, 63)

# "exchange 4", "Exchanges 6, 8 and 12", "exchange 34's".
_NAMED = re.compile(r"(?i)\bexchanges?\s+(\d+(?:(?:\s*,\s*|\s+(?:and|to)\s+|,\s+and\s+)\d+)*)")
# "exchanges 13 to 19" with the id of another organization keeps none of them by itself.
_SPAN = re.compile(r"\d+\s+to\s+\d+")


def exchanges_in(text: str) -> set[int]:
    """The exchanges that a text names, one by one."""
    named = " ".join(_SPAN.sub("", numbers) for numbers in _NAMED.findall(text))
    return {int(number) for number in re.findall(r"\d+", named)}


def docstrings_of_tests(path: Path) -> Iterator[str]:
    """The docstrings of the tests in a file; what the file says of itself is a table of contents, and keeps nothing."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            yield ast.get_docstring(node) or ""


def test_what_names_an_exchange_is_understood() -> None:
    assert exchanges_in("Okta exchanges 6, 8 and 12 (documentation): 3. Then exchange 34's string.") == {6, 8, 12, 34}
    assert exchanges_in("Exchanges 30 to 32 and 41 with an id, 5 times; issue 23211.") == {41}
    assert exchanges_in("Exchange 62\n and 7, and 8 more, exchanged 3 times.") == {62, 7, 8}
    assert exchanges_in("nothing of the kind, 12") == set()


def test_each_exchange_is_kept_by_a_test() -> None:
    kept = {
        number
        for path in Path(__file__).parent.glob("test_*.py")
        if path != Path(__file__)
        for docstring in docstrings_of_tests(path)
        for number in exchanges_in(docstring)
    }

    assert sorted(set(EXCHANGES) - kept) == []
    assert sorted(kept - set(EXCHANGES)) == []
