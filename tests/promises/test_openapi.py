"""The OpenAPI document is true: what it names is there and answers as it says, and nothing else is there."""

import os
import re

import jsonschema_rs
import pytest
import schemathesis
from flask import Flask
from lxml import html

from scim_server.app import create_app
from scim_server.config import Settings
from scim_server.db import Database
from scim_server.services.errors import DomainError
from scim_server.web.api.endpoints import ENDPOINTS
from scim_server.web.api.openapi import document, path_of
from scim_server.web.api.problems import code_of
from scim_server.web.api.schemas import REF
from tests import api_trials
from tests.api_trials import Caller, Effort
from tests.connection_files import Web
from tests.furnished import furnished
from tests.programs import Program
from tests.promises.test_errors_have_answers import KINDS

# A run of the whole suite takes the bounds of every other operation on one database, any values of the rest, and turns
# them round on the other.
EFFORTS = {
    "sqlite": Effort(slice(0, None, 2), examples=2, chains=10),
    "postgresql": Effort(slice(1, None, 2), examples=2, chains=10),
}
# `make test-api` takes all of it on both, and many more examples, others for each seed.
if seed := os.environ.get("API_TRIALS"):
    EFFORTS = dict.fromkeys(EFFORTS, Effort(slice(None), examples=60, chains=100, all=True, seed=int(seed)))

# Reads of what no list tells the id of, or of what is there only after something else was done: found by luck alone.
SELDOM_FOUND = {
    "GET /access-reviews/{review_id}/verification",
    "GET /accounts/{account_id}",
    "GET /checklist-templates/{kind}",
    "GET /deleted-users/{user_id}",
}


@pytest.fixture(scope="module")
def alone(settings: Settings, migrated: Database) -> Flask:
    """The application without a network: no name server, and nothing on the web."""
    return create_app(settings.model_copy(update={"dns_servers": "127.0.0.1:9"}), migrated, Web())


def test_whatever_is_sent_is_answered_as_the_document_says(
    alone: Flask, settings: Settings, database: Database
) -> None:
    acme = furnished(alone, settings, database)
    told = api_trials.document(alone)
    found = api_trials.ids(told, lambda path: Program(alone, acme.key(True)).send("GET", path).get_json())

    findings = api_trials.try_everything(
        alone, Caller("acme", acme.key, acme.session), found, EFFORTS[database.engine.dialect.name]
    )

    assert not findings.faults, "\n\n".join(f"{name}\n{told}" for name, told in findings.faults.items())
    operations = dict(api_trials.operations(told))
    assert {label for label in operations if not findings.statuses(label)} == set()
    reads = {label for label in operations if label.startswith("GET ")}
    assert {label for label in reads if 200 not in findings.statuses(label)} <= SELDOM_FOUND


def test_the_document_is_one_of_openapi_3_1(app: Flask) -> None:
    schema = schemathesis.openapi.from_wsgi(api_trials.DOCUMENT, app)

    schema.validate()

    assert schema.raw_schema["openapi"].startswith("3.1.")


def test_the_document_has_every_endpoint_and_no_other(app: Flask) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule.removeprefix("/api/v1")), method)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    declared = {(path_of(each), each.method) for each in ENDPOINTS}
    told = {(path, method.upper()) for path, item in document()["paths"].items() for method in item}

    assert len(declared) == len(ENDPOINTS)
    assert told == declared | {("/me", "GET")}
    assert served == told | {("/openapi.json", "GET"), ("/docs", "GET")}


def test_every_operation_says_what_it_is_whom_it_asks_for_and_what_can_go_wrong() -> None:
    operations = dict(api_trials.operations(document()))
    tags = [each["name"] for each in document()["tags"]]

    ids = [each["operationId"] for each in operations.values()]
    assert len(set(ids)) == len(ids)
    assert len(set(tags)) == len(tags)
    for label, told in operations.items():
        assert told["summary"], label
        assert told["tags"][0] in tags, label
        assert "x-scopes" in told, label
        assert any(status.startswith("2") for status in told["responses"]), label
        assert {"401", "500", "503"} <= told["responses"].keys(), label
    assert all(each["description"] for each in document()["tags"])


def test_every_scope_that_is_asked_for_can_be_given() -> None:
    given = document()["components"]["schemas"]["NewKey"]["properties"]["scopes"]["items"]["enum"]

    assert {scope for _, told in api_trials.operations(document()) for scope in told["x-scopes"]} <= set(given)


def test_every_example_is_one_of_its_schema() -> None:
    schemas = document()["components"]["schemas"]

    for label, told in api_trials.operations(document()):
        for content in told.get("requestBody", {}).get("content", {}).values():
            if "example" in content:
                whole = {"components": {"schemas": schemas}, **content["schema"]}
                jsonschema_rs.validator_for(whole, validate_formats=True).validate(content["example"])
                assert content["example"], label


def test_whatever_a_schema_refers_to_is_there() -> None:
    schemas = document()["components"]["schemas"]

    assert set(re.findall(rf"{REF}([^'\"]+)['\"]", repr(document()))) <= schemas.keys()
    assert not {name for name in schemas if not re.fullmatch(r"[A-Z][A-Za-z]+", name)}


@pytest.fixture(scope="module")
def page(app: Flask) -> html.HtmlElement:
    response = app.test_client().get("/api/v1/docs")
    assert response.status_code == 200
    assert response.mimetype == "text/html"
    return html.document_fromstring(response.get_data())


def test_the_reference_shows_every_operation_shape_and_code(page: html.HtmlElement) -> None:
    anchors = set(page.xpath("//@id"))
    operations = dict(api_trials.operations(document()))

    assert {each["operationId"] for each in operations.values()} <= anchors
    assert {f"shape-{name}" for name in document()["components"]["schemas"]} <= anchors
    assert {link.removeprefix("#") for link in page.xpath("//a/@href") if link.startswith("#")} <= anchors
    for each in operations.values():
        article = page.get_element_by_id(each["operationId"]).text_content()
        assert all(scope in article for scope in each["x-scopes"])
        assert all(parameter["name"] in article for parameter in each["parameters"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_reference_has_every_code_of_a_problem(page: html.HtmlElement, kind: type[DomainError]) -> None:
    rows = page.get_element_by_id("problems").xpath(".//dt/code/text()")

    assert code_of(kind) in rows


def test_the_reference_runs_no_script_and_is_kept_for_a_while(app: Flask, page: html.HtmlElement) -> None:
    response = app.test_client().get("/api/v1/docs")

    assert not page.xpath("//script | //@style | //style | //@onclick | //img")
    assert "script-src" not in response.headers["Content-Security-Policy"]
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert response.headers["Cache-Control"] == "public, max-age=300"
    again = app.test_client().get("/api/v1/docs", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    for sheet in page.xpath("//link[@rel='stylesheet']/@href"):
        assert app.test_client().get(sheet).mimetype == "text/css"
