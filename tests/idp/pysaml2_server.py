"""An identity provider made of pysaml2: a program, told by its standard input what it is to be.

    python -m tests.idp.pysaml2_server < settings.json

`settings.json` has its `port`, its `url`, and its `folder` (with idp.key and idp.crt). Whoever types an e-mail address
is that person, and known by what is before the @. What a test wants of it besides, it says at `/told`.
"""

import json
import re
import sys
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit
from urllib.request import urlopen

from cryptography.hazmat.primitives.serialization import load_pem_private_key
from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT  # type: ignore[import-untyped]
from saml2.config import Config  # type: ignore[import-untyped]
from saml2.metadata import entity_descriptor  # type: ignore[import-untyped]
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NameID  # type: ignore[import-untyped]
from saml2.server import Server  # type: ignore[import-untyped]
from saml2.xmldsig import DIGEST_SHA256, SIG_RSA_SHA256  # type: ignore[import-untyped]

from tests.idp.libxmlsec import use_libxmlsec

_SETTINGS = json.load(sys.stdin)
_URL, _FOLDER = _SETTINGS["url"], Path(_SETTINGS["folder"])
_PASSWORD_CONTEXT = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


class Provider:
    """What the pages below are about; `told` is what a test has said."""

    def __init__(self) -> None:
        self.told: dict[str, Any] = {"encrypt": False, "sign_response": False}
        self.service_providers: dict[str, str] = {}
        self.signed_in: dict[str, tuple[str, Any, list[str]]] = {}  # by user name: of whom, as whom, in which session
        self.entity = self._entity()

    def _entity(self) -> Any:
        bindings = [BINDING_HTTP_REDIRECT, BINDING_HTTP_POST]
        settings = {
            "entityid": f"{_URL}/metadata",
            "crypto_backend": "XMLSecurity",  # which asks for no program; what it does is then done by libxmlsec
            "key_file": str(_FOLDER / "idp.key"),
            "cert_file": str(_FOLDER / "idp.crt"),
            "signing_algorithm": SIG_RSA_SHA256,
            "digest_algorithm": DIGEST_SHA256,
            "metadata": {"inline": list(self.service_providers.values())},
            "service": {
                "idp": {
                    "endpoints": {
                        "single_sign_on_service": [(f"{_URL}/sso", binding) for binding in bindings],
                        "single_logout_service": [(f"{_URL}/slo", binding) for binding in bindings],
                    },
                    "want_authn_requests_signed": True,
                    "sign_assertion": True,
                    "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                    "policy": {"default": {"lifetime": {"minutes": 5}, "name_form": NAME_FORMAT_URI}},
                }
            },
        }
        entity = Server(config=Config().load(settings))
        use_libxmlsec(entity, load_pem_private_key((_FOLDER / "idp.key").read_bytes(), None))
        return entity

    def metadata(self) -> str:
        return str(entity_descriptor(self.entity.config))

    def trust(self, metadata_url: str) -> None:
        with urlopen(metadata_url, timeout=60) as answer:  # noqa: S310 — the test's own server
            self.service_providers[metadata_url] = answer.read().decode()
        self.entity = self._entity()

    def asked(self, form: dict[str, str], binding: str) -> dict[str, str]:
        """What is asked for, once it has proved to be signed by whom it says it is of."""
        request = self.entity.parse_authn_request(form["SAMLRequest"], binding, **_signature(form)).message
        found = self.entity.response_args(request, [BINDING_HTTP_POST])
        return {
            "in_response_to": found["in_response_to"],
            "destination": found["destination"],
            "sp_entity_id": found["sp_entity_id"],
            "RelayState": form.get("RelayState", ""),
            "fresh": str(request.force_authn or "false"),
        }

    def respond(self, user_name: str, form: dict[str, str]) -> str:
        """The page that has the browser post a response about this person."""
        uid = user_name.partition("@")[0]
        subject = NameID(format=NAMEID_FORMAT_PERSISTENT, text=f"pysaml2-{uid}")
        attributes = {"uid": [uid], "mail": [user_name], "givenName": [uid.title()], "sn": ["of pysaml2"]}
        response = str(
            self.entity.create_authn_response(
                attributes,
                form.get("in_response_to") or None,
                form["destination"],
                form["sp_entity_id"],
                name_id=subject,
                authn={"class_ref": _PASSWORD_CONTEXT, "authn_auth": _URL},
                sign_assertion=True,
                sign_response=self.told["sign_response"],
                encrypt_assertion=self.told["encrypt"],
            )
        )
        sessions = re.findall(r'SessionIndex="([^"]+)"', response)
        self.signed_in[user_name] = (form["sp_entity_id"], subject, sessions)
        answer = self.entity.apply_binding(
            BINDING_HTTP_POST, response, form["destination"], form.get("RelayState", ""), response=True
        )
        return str(answer["data"])

    def unsolicited(self, form: dict[str, str]) -> str:
        _, destination = self.entity.pick_binding(
            "assertion_consumer_service", [BINDING_HTTP_POST], "spsso", entity_id=form["sp_entity_id"]
        )
        return self.respond(form["user_name"], form | {"destination": destination})

    def end_elsewhere(self, user_name: str) -> str | None:
        """Where to send the browser of somebody who signs out here, so that they are out there as well."""
        if user_name not in self.signed_in:
            return None
        sp_entity_id, subject, sessions = self.signed_in.pop(user_name)
        _, destination = self.entity.pick_binding(
            "single_logout_service", [BINDING_HTTP_REDIRECT], "spsso", entity_id=sp_entity_id
        )
        _, request = self.entity.create_logout_request(
            destination, sp_entity_id, name_id=subject, session_indexes=sessions or None
        )
        return self._redirect(request, destination, relay_state="of the provider", response=False)

    def end_here(self, form: dict[str, str], binding: str) -> str:
        """Where to send the browser back to, of somebody who signs out there."""
        request = self.entity.parse_logout_request(form["SAMLRequest"], binding, **_signature(form)).message
        for user_name, (_, subject, _) in list(self.signed_in.items()):
            if subject.text == request.name_id.text:
                del self.signed_in[user_name]
        response = self.entity.create_logout_response(request, [BINDING_HTTP_REDIRECT])
        return self._redirect(response, response.destination, form.get("RelayState", ""), response=True)

    def _redirect(self, message: Any, destination: str, relay_state: str, *, response: bool) -> str:
        answer = self.entity.apply_binding(
            BINDING_HTTP_REDIRECT, str(message), destination, relay_state, response=response, sign=True
        )
        return str(dict(answer["headers"])["Location"])


def _signature(form: dict[str, str]) -> dict[str, str | None]:
    """What proves a message in the query of a redirect."""
    return {
        "relay_state": form.get("RelayState"),
        "sigalg": form.get("SigAlg"),
        "signature": form.get("Signature"),
    }


class Pages(BaseHTTPRequestHandler):
    provider: Provider

    def do_GET(self) -> None:
        self._answer(BINDING_HTTP_REDIRECT, dict(parse_qsl(urlsplit(self.path).query)))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(BINDING_HTTP_POST, dict(parse_qsl(body)))

    def _answer(self, binding: str, form: dict[str, str]) -> None:
        try:
            where, text = self._page(urlsplit(self.path).path, binding, form)
        except Exception as failure:  # noqa: BLE001 — the test reads what went wrong
            traceback.print_exc()
            self._send(500, f"{type(failure).__name__}: {failure}")
        else:
            self._send(302 if where else 200, text, where)

    def _page(self, path: str, binding: str, form: dict[str, str]) -> tuple[str | None, str]:
        """Where to go on, or a page."""
        provider, page = self.provider, ""
        match path:
            case "/metadata":
                page = provider.metadata()
            case "/told":
                provider.told.update(json.loads(form.get("settings", "{}")))
                if "trust" in form:
                    provider.trust(form["trust"])
            case "/sso":
                page = _sign_in_page(provider.asked(form, binding))
            case "/sign-in":
                page = provider.respond(form["user_name"], form)
            case "/start":
                page = provider.unsolicited(form)
            case "/slo" if "SAMLResponse" in form:
                page = "You are signed out everywhere."
            case "/slo":
                return provider.end_here(form, binding), ""
            case "/sign-out":
                return provider.end_elsewhere(form["user_name"]), "Nobody of that name is signed in."
            case _:
                raise LookupError(path)
        return None, page

    def _send(self, status: int, text: str, where: str | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/xml" if text.startswith("<?xml") else "text/html; charset=utf-8")
        if where:
            self.send_header("Location", where)
        self.end_headers()
        self.wfile.write(text.encode())


def _sign_in_page(asked: dict[str, str]) -> str:
    return (
        f"<title>pysaml2</title><form method='post' action='/sign-in?{urlencode({'fresh': asked.pop('fresh')})}'>"
        + "".join(f"<input type='hidden' name='{name}' value='{value}'>" for name, value in asked.items())
        + "<label>Who are you? <input name='user_name'></label><button>Sign in</button></form>"
    )


if __name__ == "__main__":
    Pages.provider = Provider()
    ThreadingHTTPServer(("127.0.0.1", _SETTINGS["port"]), Pages).serve_forever()
