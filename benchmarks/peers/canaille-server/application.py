"""canaille, with each request brought to what it takes; see benchmarks/peers/canaille.py."""

import io
import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from canaille import create_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

GROUP = "urn:ietf:params:scim:schemas:core:2.0:Group"

canaille = create_app()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    if length := int(environ.get("CONTENT_LENGTH") or 0):
        document = json.loads(environ["wsgi.input"].read(length))
        _acceptable(document)
        content = json.dumps(document).encode()
        environ |= {"wsgi.input": io.BytesIO(content), "CONTENT_LENGTH": str(len(content))}
    return canaille(environ, start_response)


def _acceptable(document: dict[str, Any]) -> None:
    document.pop("locale", None)
    for email in document.get("emails", ()):
        email.pop("primary", None)
        email.pop("type", None)
    if name := document.get("name"):
        name.setdefault("formatted", f"{name['givenName']} {name['familyName']}")
    if GROUP in document["schemas"]:
        document.setdefault("members", [])
    for member in document.get("members", ()):
        member.setdefault("$ref", f"http://localhost/scim/v2/Users/{member['value']}")
