"""A secret is nowhere but where it is used: in no log line, no answer, no event and no row."""

import logging
from base64 import b64encode
from collections.abc import Iterator
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text

from scim_server import logs
from scim_server.app import create_app
from scim_server.config import Settings, load_settings
from scim_server.db import Database
from scim_server.models import Provider, ScimToken
from scim_server.services import directories, organizations, users
from scim_server.services.directories import hash_token
from tests.clients import ENTERPRISE_USER, PATCH_OP, USER, Directory, Reply, found
from tests.hands import Hands
from tests.oauth import EC, basic, new_client, signed
from tests.promises.databases import contents, migrated_database
from tests.promises.tokens import expired_token, prefix, revoked_token
from tests.request_logs import logged, shown
from tests.sign_ins import refused

PASSWORD = "correcthorsebatterystaple"
OTHER_PASSWORD = "tr0ub4dorandthree"
SECRET_KEY = "thekeythatsignsandencryptseverything"


@dataclass
class Watched:
    """A server that tells all it can, whose log and whose database can be read, and broken."""

    acme: Directory
    globex: Directory
    settings: Settings
    database: Database
    log: StringIO
    ended: list[str]
    replies: list[Reply] = field(default_factory=list)

    @property
    def secrets(self) -> list[str]:
        # Of a token, the part that is no secret is its prefix.
        tokens = [self.acme.token, self.globex.token, *self.ended]
        return [PASSWORD, OTHER_PASSWORD, SECRET_KEY, *(token.removeprefix(prefix(token)) for token in tokens)]

    def send(self, method: str, path: str, body: Any = None, **parameters: Any) -> Reply:
        reply = self.acme.send(method, path, body, **parameters)
        self.replies.append(reply)
        return reply


in_either_format = pytest.mark.parametrize("watched", ["json", "console"], indirect=True)


@pytest.fixture
def watched(request: pytest.FixtureRequest, settings: Settings, tmp_path: Path) -> Iterator[Watched]:
    log_format = getattr(request, "param", "json")
    with migrated_database(settings, tmp_path) as (own, database):
        chatty = load_settings(
            database_url=own.database_url, secret_key=SECRET_KEY, log_level="debug", log_format=log_format
        )
        app = create_app(chatty, database)
        acme, globex = (found(app, chatty, database, slug) for slug in ("acme", "globex"))
        ended = [make(chatty, database, "acme") for make in (expired_token, revoked_token)]
        sql, log = logging.getLogger("sqlalchemy"), StringIO()
        level = sql.level
        sql.setLevel(logging.DEBUG)  # statements and rows, as somebody does who looks for a fault
        with redirect_stderr(log):
            logs.configure(chatty)
        yield Watched(acme, globex, chatty, database, log, ended)
        sql.setLevel(level)
        logs.configure(settings)


def work(watched: Watched) -> None:
    """A directory's day: what it says of passwords, rightly and wrongly, and who comes in, or does not."""
    send = watched.send
    user = {"schemas": [USER], "userName": "ada", "password": PASSWORD, "emails": [{"value": "ada@example.com"}]}
    path = f"/Users/{send('POST', '/Users', user).id}"
    operations: list[Any] = [
        {"op": "replace", "path": "password", "value": OTHER_PASSWORD},
        {"op": "add", "path": f"{USER}:password", "value": OTHER_PASSWORD},
        {"op": "replace", "value": {"password": OTHER_PASSWORD, "displayName": "Ada"}},
        {"op": "replace", "value": {"PASSWORD": OTHER_PASSWORD, "emails": 7}},
        {"op": "replace", "path": "password", "value": [OTHER_PASSWORD]},
        {"op": "replace", "path": "password", "value": {"value": OTHER_PASSWORD}},
        {"op": "replace", "path": "password.value", "value": OTHER_PASSWORD},
        {"op": "replace", "path": "name", "value": {"password": OTHER_PASSWORD}},
        {"op": "copy", "path": "password", "value": OTHER_PASSWORD},
        {"op": "remove", "path": "password", "value": OTHER_PASSWORD},
    ]
    for operation in operations:
        send("PATCH", path, {"schemas": [PATCH_OP], "Operations": [operation]})
    send("PUT", path, {**user, "displayName": "Ada", ENTERPRISE_USER: {"department": "Engines"}})
    for wrong in ([PASSWORD], {"value": PASSWORD}, {"password": PASSWORD}):
        send("POST", "/Users", {**user, "userName": "bob", "password": wrong})
        send("PUT", path, {**user, "password": wrong})
    send("POST", "/Users", user)  # a conflict
    send("POST", "/Users", f'{{"userName": "bob", "password": "{PASSWORD}"'.encode())
    send("POST", "/Users", f'["{PASSWORD}"]'.encode())
    send("POST", "/Users", {**user, "userName": "p" * 600})
    send("POST", "/Users", user, content_type="text/plain")
    send("POST", "/Groups", {"displayName": "Pioneers", "password": PASSWORD})
    send("GET", "/Users", filter=f'password eq "{PASSWORD}"')
    send("GET", "/Users", filter=f'password eq "{PASSWORD}', attributes="password")
    send("GET", "/Users", access_token=watched.acme.token)
    send("GET", f"/Users?password={PASSWORD}&filter=emails%5Bpassword%20eq%20%22{PASSWORD}%22%5D")
    for search in (
        f'password eq "{PASSWORD}"',
        f'not (userName pr or password co "{PASSWORD}',
        f"password eq {PASSWORD}",
    ):
        for collection in ("", "/Users", "/Groups"):
            send("POST", f"{collection}/.search", {"filter": search, "attributes": ["password"]})
    changes = [{"op": "replace", "path": "password", "value": OTHER_PASSWORD}]
    bulk = [{"method": "POST", "path": "/Users", "data": user}, {"method": "PATCH", "data": {"Operations": changes}}]
    for body in ({"Operations": bulk}, {"Operations": [{"op": "add", "value": {USER: {"passWord": OTHER_PASSWORD}}}]}):
        send("POST", "/Users", {**body, "userName": "bulky"})
        send("PATCH", path, body)
    send("GET", path, attributes="password,userName")
    for token in (*watched.ended, watched.globex.token):
        for header in (f"Bearer {token}", f"Basic {token}", token, f"Bearer {token} {token}"):
            send("GET", path, headers={"Authorization": header})


def break_tables(watched: Watched, *tables: str) -> None:
    with watched.database.writing() as session:
        cascade = " CASCADE" if session.get_bind().dialect.name == "postgresql" else ""
        for table in tables:
            session.execute(text(f"DROP TABLE {table}{cascade}"))


@in_either_format
def test_a_days_work_leaves_no_secret_in_the_log_or_in_an_answer(watched: Watched) -> None:
    work(watched)

    said = watched.log.getvalue()
    assert said.count("scim_server.access") >= len(watched.replies)
    assert "SELECT" in said
    for secret in watched.secrets:
        assert secret not in said
        assert not [reply for reply in watched.replies if secret in f"{reply.json} {reply.headers}"]


@in_either_format
def test_a_database_that_breaks_leaves_no_secret_in_the_log_or_in_an_answer(watched: Watched) -> None:
    user = watched.send("POST", "/Users", {"schemas": [USER], "userName": "bob", "password": PASSWORD})
    change = {"schemas": [PATCH_OP], "Operations": [{"op": "replace", "value": {"password": PASSWORD, "title": "x"}}]}

    # Children before their parents: SQLite looks at what refers to a table that goes.
    for table in ("events", "user_emails", "memberships", "users", "scim_tokens"):
        break_tables(watched, table)
        work_on = [
            watched.send("POST", "/Users", {"schemas": [USER], "userName": f"u{table}", "password": PASSWORD}),
            watched.send("PATCH", f"/Users/{user.id}", change),
        ]
        assert {reply.status for reply in work_on} == {500}

    said = watched.log.getvalue()
    assert "Traceback" in said or '"exception"' in said
    assert said.count("unexpected error") == 10
    for secret in watched.secrets:
        assert secret not in said
        assert not [reply for reply in watched.replies if secret in f"{reply.json} {reply.headers}"]


def test_no_row_of_any_table_holds_a_secret(watched: Watched) -> None:
    work(watched)

    rows = contents(watched.database)
    requests = logged(watched.acme.app, watched.database)

    assert [user["user_name"] for user in rows["users"]] == ["ada", "bulky"]
    assert {event["action"] for event in rows["events"]} >= {"user.created", "user.updated"}
    # All are there but those of strangers, and what they said besides.
    assert len(requests) == len([reply for reply in watched.replies if reply.status != 401])
    assert len([request for request in requests if "[redacted]" in f"{request.path} {request.request_body}"]) > 30
    for secret in watched.secrets:
        for table, found_rows in rows.items():
            assert secret not in repr(found_rows), table
        for request in requests:
            assert secret not in repr(shown(request))


def test_of_a_token_only_its_hash_and_its_prefix_are_kept(watched: Watched) -> None:
    with watched.database.reading() as session:
        kept = {token.prefix: token for token in session.scalars(select(ScimToken))}

    for secret in (watched.acme.token, watched.globex.token):
        token = kept[prefix(secret)]
        assert bytes(token.token_hash) == hash_token(secret)
        assert len(token.token_hash) == 32
        assert {name for name in vars(token) if not name.startswith("_")} == {
            "org_id",
            "id",
            "directory_id",
            "user_id",
            "client_id",
            "name",
            "prefix",
            "token_hash",
            "created_at",
            "expires_at",
            "revoked_at",
            "last_used_at",
        }


@in_either_format
def test_what_a_client_says_and_what_it_gets_is_in_no_log_and_in_no_row(watched: Watched) -> None:
    app, settings, database = watched.acme.app, watched.settings, watched.database
    keyed, client = (new_client(app, settings, database, "acme", key) for key in (EC, None))
    assertions = [signed(EC, keyed.claims(**aud)) for aud in ({"aud": settings.base_url}, {})]
    watched.send("POST", "/Users", {"userName": "ada"})
    with database.writing() as session:
        ctx = organizations.open_organization(session, settings, "acme", now=datetime.now(UTC))
        directories.allow_basic(ctx, directories.find_directory(ctx, Provider.GENERIC), True)
        user = users.find_user(ctx, "ada", "ada")
        mine = directories.create_user_token(ctx, user).secret

    answers = [
        client.by_basic(),
        client.by_post(),
        client.by_basic(grant_type="password"),
        client.by_basic(client_secret=client.secret),
        client.post(client_id=keyed.id, client_secret=client.secret),
        client.post(authorization=f"Bearer {client.secret}"),
        # Entered in the wrong field.
        client.post(client_id=client.secret),
        client.post(authorization=basic(client.secret, "")),
        *(keyed.by_assertion(assertion) for assertion in assertions * 2),
    ]
    tokens = [client.directory(answer).token for answer in answers if answer.status_code == 200]
    headers = [basic(client.id, client.secret), *(f"Bearer {token}" for token in (*tokens, mine, client.secret))]
    replies = [
        watched.send("GET", path, headers={"Authorization": header}) for header in headers for path in ("/Users", "/Me")
    ]
    kept = repr(contents(database))
    break_tables(watched, "consumed_assertions")
    answers.append(keyed.by_assertion(signed(EC, keyed.claims(aud=settings.base_url))))

    assert [answer.status_code for answer in answers] == [200, 200, 400, 400, *[401] * 4, 200, *[401] * 3, 500]
    assert {reply.status for reply in replies} == {200, 401, 403, 404}
    said = watched.log.getvalue()
    for secret in (client.secret, *(token.removeprefix(prefix(token)) for token in (mine, *tokens))):
        assert secret not in said
        assert secret not in kept
        assert not [reply for reply in replies if secret in f"{reply.json} {reply.headers}"]
    for assertion in assertions:
        assert assertion not in said
        assert assertion.rpartition(".")[2] not in said + kept


def test_a_password_can_be_neither_read_nor_guessed(watched: Watched) -> None:
    path = f"/Users/{watched.send('POST', '/Users', {'schemas': [USER], 'userName': 'ada', 'password': PASSWORD}).id}"

    shown = watched.send("GET", path, attributes="password,userName")
    answers = []
    for guess in (PASSWORD, "wrong"):
        tests = [f'password {operator} "{guess}"' for operator in ("eq", "ne", "sw", "co")]
        found = [watched.send("GET", "/Users", filter=test) for test in [*tests, f"not ({tests[0]})", "password pr"]]
        answers.append([(reply.status, reply.json) for reply in found])

    assert "password" not in shown.json
    assert answers[0] == answers[1]


def test_no_record_of_a_sign_in_holds_what_lets_anybody_in(office: Hands, database: Database) -> None:
    token = f"eyJhbGciOiJSUzI1NiJ9.{'x' * 40}.{'y' * 40}"
    assertion = f'<saml:Assertion ID="_1"><saml:NameID>{PASSWORD}</saml:NameID></saml:Assertion>'
    posted = b64encode(assertion.encode() * 3).decode()
    key = f"-----BEGIN PRIVATE KEY-----\n{PASSWORD}\n-----END PRIVATE KEY-----"
    address = f"https://scim.example.com/cb?code={PASSWORD}&state={PASSWORD}&id_token={token}#access_token={PASSWORD}"
    texts = [token, assertion, posted, key, address, f"client_secret={PASSWORD}", f"Bearer {token}"]
    named = dict.fromkeys(("password", "code", "client_secret", "refresh_token", "RelayState", "nonce"), PASSWORD)
    details = {"mapped": {"mail": texts, **named}, "attributes": texts, **named, **{each: each for each in texts}}

    for said in texts:
        refused(office, claimed=said, expected=said, came=said, details=details)

    kept = repr(contents(database)["sign_ins"])
    for secret in (PASSWORD, token, token[-40:], posted[:100], posted[-100:]):
        assert secret not in kept
    assert "not kept" in kept
    assert "https://scim.example.com/cb?code=[redacted]" in kept
