"""The record of who came in and who was refused: found again by whoever may, without a secret, and no endless one."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import event

from scim_server import jobs
from scim_server.config import Settings
from scim_server.db import Database, connect
from scim_server.models import Outcome, SignIn, Way
from scim_server.models.base import first_id
from scim_server.services import retention, roles, sign_in_frequency, sign_ins, users
from scim_server.services.context import Device
from scim_server.services.errors import NotAllowed, NotFound
from scim_server.services.sign_ins import Trace, record_sign_in
from sso.errors import Reason
from tests.clients import Directory
from tests.hands import Hands
from tests.processes import wait_until
from tests.promises.databases import contents
from tests.sign_ins import a_connection, connection_of, in_database, refused, signed_in

DAY = timedelta(days=1)
JWT = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
ASSERTION = '<saml2:Assertion ID="_1"><saml2:Subject/></saml2:Assertion>'
EVIL = (
    "<script>alert(1)</script>",
    '=HYPERLINK("https://evil.example")',
    'a\r\n2026-11-22 {"level": "info", "event": "signed in"}',
    "\x1b[2J\x1b]0;owned\x07",
    "nul\x00nul",
    "lone \ud800 surrogate",
    "\u202egnp.exe",
)


def codes(found: list[sign_ins.Attempted]) -> list[str]:
    return [each.row.code for each in found]


# Finding


def test_attempts_are_listed_the_newest_first_and_page_by_page(office: Hands) -> None:
    ada = office.create("ada")
    made = [signed_in(office, ada) for _ in range(5)]

    with office.acting() as ctx:
        first = sign_ins.list_sign_ins(ctx, limit=3)
        rest = sign_ins.list_sign_ins(ctx, limit=3, before=first[-1].row.id)

    assert codes(first) + codes(rest) == made[::-1]
    assert {each.user_name for each in first} == {"ada"}


def test_attempts_are_found_by_what_is_known_of_them(office: Hands) -> None:
    ada, bob, okta = office.create("ada"), office.create("bob"), a_connection(office)
    old = signed_in(office, ada, later=-2 * DAY)
    good = signed_in(office, bob)
    bad = refused(office, connection=okta, user=ada)
    nobody = refused(office, claimed="eve@evil.example")

    def found(**wanted: Any) -> list[str]:
        with office.acting() as ctx:
            return codes(sign_ins.list_sign_ins(ctx, **wanted))

    assert found() == [nobody, bad, good, old]
    assert found(user=ada) == [bad, old]
    assert found(outcome=Outcome.REFUSED) == [nobody, bad]
    assert found(connection=okta) == [bad]
    assert found(since=datetime.now(UTC) - DAY) == [nobody, bad, good]
    assert found(user=uuid4()) == []


def test_a_trace_is_found_by_its_code_however_it_is_read_out(office: Hands, database: Database) -> None:
    okta = a_connection(office)
    refused(office, connection=okta, expected="https://a", came="https://b")
    with database.writing() as session:
        session.query(SignIn).one().code = "0A1B2CV3"

    for written in ("0A1B2CV3", "oa1b2cv3", "OAIB2CU3", "0alb-2cv3", " 0A1B 2CV3 "):
        with office.acting() as ctx:
            found = sign_ins.find_trace(ctx, written)
        assert found.row.details == {"expected": "https://a", "came": "https://b"}
        assert (found.row.reason, found.connection, found.provider) == (Reason.WRONG_AUDIENCE, "Okta", "okta")


@pytest.mark.parametrize("code", ["ZZZZZZZZ", "", "0", "ü" * 8, "'; DROP", "0A1B2CV3\x00", "x" * 10_000])
def test_a_code_that_nothing_has_is_not_found(office: Hands, code: str) -> None:
    with office.acting() as ctx, pytest.raises(NotFound):
        sign_ins.find_trace(ctx, code)


def test_no_two_attempts_of_an_organization_have_the_same_code(
    office: Hands, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = iter("A" * 8 + "A" * 8 + "B" * 8)
    monkeypatch.setattr("scim_server.services.sign_ins.secrets.choice", lambda _: next(letters))

    assert [refused(office), refused(office)] == ["AAAAAAAA", "BBBBBBBB"]


def test_another_organizations_attempts_are_nobodys(office: Hands, globex: Directory, settings: Settings) -> None:
    theirs = Hands(settings, office.database, "globex")
    code = refused(theirs, claimed="gina@globex.example")

    with office.acting() as ctx:
        assert sign_ins.list_sign_ins(ctx) == []
        with pytest.raises(NotFound):
            sign_ins.find_trace(ctx, code)


# Who may


def test_whoever_may_view_the_activity_sees_all_and_everybody_else_their_own(office: Hands) -> None:
    ada, bob = office.create("ada"), office.create("bob")
    with office.acting() as ctx:
        roles.create_role(ctx, "Auditor", description="", permissions=["activity.view"])
    eva = office.create("eva", role="Auditor")
    mine, other, nobodys = signed_in(office, ada), signed_in(office, bob), refused(office)

    with office.acting(eva) as ctx:
        assert codes(sign_ins.list_sign_ins(ctx)) == [nobodys, other, mine]
        assert sign_ins.find_trace(ctx, nobodys).row.code == nobodys
    with office.acting(ada) as ctx:
        assert codes(sign_ins.list_sign_ins(ctx, user=ada)) == [mine]
        assert sign_ins.find_trace(ctx, mine).row.code == mine
        for whose in (None, bob):
            with pytest.raises(NotAllowed):
                sign_ins.list_sign_ins(ctx, user=whose)
        # Whether there is one is not told either.
        for code in (other, nobodys, "ZZZZZZZZ"):
            with pytest.raises(NotAllowed):
                sign_ins.find_trace(ctx, code)


# How often


def test_when_and_how_often_somebody_signs_in_is_told_of_many_at_once(office: Hands, database: Database) -> None:
    ada, bob, carl = (office.create(name) for name in ("ada", "bob", "carl"))
    for days in (40, 20, 1):
        signed_in(office, ada, later=-days * DAY)
    signed_in(office, bob, later=-90 * DAY)
    refused(office, user=carl)
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)

    with office.acting() as ctx:
        before = len(sent)
        told = sign_in_frequency.last_sign_ins(ctx, [ada, bob, carl])
        assert len(sent) - before == 1
        now = ctx.now
    event.remove(database.engine, "before_cursor_execute", note)

    assert told.keys() == {ada, bob}
    assert told[ada].lately == 2
    assert abs(told[ada].last - (now - DAY)) < timedelta(minutes=1)
    assert told[bob].lately == 0


def test_how_regularly_somebody_signs_in_is_told_with_how_they_did_so_last(office: Hands) -> None:
    ada, bob, carl, dora = (office.create(name) for name in ("ada", "bob", "carl", "dora"))
    for week in range(12):
        signed_in(office, ada, later=-7 * week * DAY - DAY)
    for days in (1, 2, 3, 89):
        signed_in(office, bob, later=-days * DAY)
    for days in (8, 20, 30, 60, 100):
        signed_in(office, carl, later=-days * DAY, way=Way.PASSWORD)
    signed_in(office, dora, later=-95 * DAY)
    okta = a_connection(office)
    with office.acting() as ctx:
        ctx = replace(ctx, device=Device("192.0.2.1", "curl/8.5.0"))
        trace, row = Trace(Way.SAML), users.get_user(ctx, ada)
        record_sign_in(ctx, Outcome.SIGNED_IN, trace, user=row, connection=connection_of(ctx, okta))

    with office.acting() as ctx:
        told = sign_in_frequency.last_sign_ins(ctx, [ada, bob, carl, dora])

    assert {name: (each.within_90_days, each.weeks, each.regularity) for name, each in told.items()} == {
        ada: (13, 12, "weekly"),
        bob: (4, 2, "rarely"),
        carl: (4, 4, "often"),
        dora: (0, 0, "not_lately"),
    }
    last = told[ada]
    assert (last.way, last.connection, last.ip, last.user_agent) == ("saml", "Okta", "192.0.2.1", "curl/8.5.0")
    assert (told[carl].way, told[carl].connection) == ("password", None)


# What is kept


@pytest.mark.parametrize("evil", EVIL)
def test_what_comes_from_outside_is_kept_as_plain_text(office: Hands, database: Database, evil: str) -> None:
    with office.acting() as ctx:
        ctx = replace(ctx, device=Device("203.0.113.7", evil))
        trace = Trace(
            Way.SAML,
            Reason.MALFORMED,
            expected=evil,
            came=evil,
            claimed=evil,
            details={evil: {evil: [evil, {evil: 1}]}},
        )
        record_sign_in(ctx, Outcome.REFUSED, trace)

    [row] = in_database(database)
    for kept in (row.claimed, row.user_agent, row.details["came"], repr(row.details)):
        assert kept is not None
        assert kept.isprintable()
    assert row.claimed == "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in evil)


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ({"came": JWT}, "(not kept: it looks like a token, a key or a message)"),
        ({"came": f"the token {JWT} was"}, "(not kept: it looks like a token, a key or a message)"),
        ({"came": ASSERTION}, "(not kept: it looks like a token, a key or a message)"),
        ({"came": "PHNhbWwycDpSZXNwb25zZSB4bWxuczpzYW1sMnA9InVybjpvYXNpczpuYW1lczp0YzpTQU1MOjIuMDpwcm90b2NvbCI" * 2},
         "(not kept: it looks like a token, a key or a message)"),
        ({"came": "-----BEGIN PRIVATE KEY-----"}, "(not kept: it looks like a token, a key or a message)"),
        ({"came": "x" * 300 + " " + JWT}, "(not kept: it looks like a token, a key or a message)"),
        ({"came": "/callback?code=s3cret&state=s3cret&iss=https%3A%2F%2Fa"},
         "/callback?code=[redacted]&state=[redacted]&iss=https%3A%2F%2Fa"),
        ({"came": "invalid_client, client_secret=s3cret"}, "invalid_client, client_secret=[redacted]"),
        ({"came": "word " * 100}, "word " * 40 + "…"),
        ({"came": "ada@acme.example"}, "ada@acme.example"),
        ({"came": "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"}, "AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ"),
        ({"came": "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"}, "urn:oasis:names:tc:SAML:2.0:status:AuthnFailed"),
    ],
)  # fmt: skip
def test_a_text_is_kept_without_what_lets_anybody_in(
    office: Hands, database: Database, said: dict[str, Any], kept: str
) -> None:
    refused(office, **said)

    [row] = in_database(database)
    assert row.details == {"came": kept}


def test_what_stands_under_the_name_of_a_secret_is_not_kept(office: Hands, database: Database) -> None:
    names = ("password", "access_token", "idToken", "client-secret", "code", "nonce", "SAMLResponse", "RelayState")
    refused(office, details=dict.fromkeys(names, "s3cret") | {"mapped": {"tokens": ["s3cret"], "state": "s3cret"}})

    [row] = in_database(database)
    assert "s3cret" not in repr(row.details)
    assert row.details.keys() == {*names, "mapped"}


@pytest.mark.parametrize(
    ("way", "typed", "kept"),
    [
        (Way.PASSWORD, "ada@acme.example", "ada@acme.example"),
        (Way.CODE, "+44 20 7946 0000", "+44 20 7946 0000"),
        (Way.PASSWORD, "correct horse battery staple", "(not kept: it is no address)"),
        (Way.CODE, "123456", "(not kept: it is no address)"),
        (Way.SAML, "00u1abcd", "00u1abcd"),
    ],
)
def test_a_password_that_was_typed_in_place_of_an_address_is_not_kept(
    office: Hands, database: Database, way: Way, typed: str, kept: str
) -> None:
    with office.acting() as ctx:
        record_sign_in(ctx, Outcome.REFUSED, Trace(way, "wrong_password", claimed=typed))

    assert [row.claimed for row in in_database(database)] == [kept]


def test_what_a_provider_says_is_kept_in_part_where_it_is_much(office: Hands, database: Database) -> None:
    names = [f"a{number:05}" for number in range(50_000)]
    claims = {name: ["v v v " * 1_000] * 1_000 for name in names}

    refused(office, expected="this", came="that", details={"attributes": names, "mapped": claims})
    refused(office, expected="this", came="that", details={"deep": [[[[[["x"] * 50] * 50] * 50] * 50] * 50] * 50})

    wide, deep = in_database(database)
    assert wide.details["attributes"] == names[:50]
    assert wide.details["mapped"]["a00000"] == ["v v v " * 33 + "v …"] * 50
    assert len(wide.details["mapped"]) < 50
    for row in (wide, deep):
        assert (row.details["expected"], row.details["came"]) == ("this", "that")
        assert len(repr(row.details)) < 60_000


# How much is kept


def test_beyond_so_many_refusals_a_minute_one_entry_counts_them(office: Hands, database: Database) -> None:
    okta, entra, ada = a_connection(office), a_connection(office, "Entra", "entra"), office.create("ada")

    seen = [refused(office, connection=okta) for _ in range(60)]
    counted = {refused(office, connection=okta, reason=Reason.EXPIRED) for _ in range(100)}
    counted |= {refused(office, connection=okta, claimed="ada@acme.example")}

    assert len(set(seen)) == 60
    [code] = counted
    assert len(in_database(database)) == 61
    with office.acting() as ctx:
        details = sign_ins.find_trace(ctx, code).row.details
    assert (details["count"], details["reasons"]) == (101, {"expired": 100, "wrong_audience": 1})
    # Nobody else's trace is lost by it, and nobody's sign-in.
    for another in (refused(office, connection=entra), refused(office), signed_in(office, ada)):
        with office.acting() as ctx:
            assert sign_ins.find_trace(ctx, another).row.reason != "collapsed"
    # Nor is it for good.
    later = refused(office, connection=okta, later=timedelta(seconds=61))
    with office.acting() as ctx:
        assert sign_ins.find_trace(ctx, later).row.reason == Reason.WRONG_AUDIENCE


def test_what_is_told_to_several_organizations_is_found_in_a_crowded_minute_too(
    office: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MOST_REFUSED", 1)
    refused(office)

    with office.acting() as ctx:
        record_sign_in(ctx, Outcome.REFUSED, Trace(Way.PASSWORD, "wrong_password"), code="7K3MQ2ZD")

    with office.acting() as ctx:
        assert sign_ins.find_trace(ctx, "7K3MQ2ZD").row.reason == "wrong_password"


def test_a_flood_from_several_sides_at_once_is_counted_whole(
    office: Hands, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MOST_REFUSED", 5)
    for _ in range(5):
        refused(office)
    barrier = Barrier(4)

    def attack(_: int) -> None:
        barrier.wait(timeout=10)
        for _ in range(10):
            refused(office)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(attack, range(4)))

    rows = in_database(database)
    assert sum(row.details.get("count", 1) for row in rows) == 45
    assert len(rows) <= 5 + 4


def test_what_is_too_old_goes_and_what_is_too_much_of_the_refused(
    office: Hands, globex: Directory, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_ins, "MOST_REFUSED_IN_ALL", 3)
    monkeypatch.setattr(sign_ins, "_BATCH", 2)
    ada = office.create("ada")
    signed, bad = [signed_in(office, ada) for _ in range(5)], [refused(office) for _ in range(8)]
    other = [refused(Hands(settings, database, "globex"))]

    def purge(days: int) -> tuple[int, list[str]]:
        gone = sign_ins.purge(database, settings, datetime.now(UTC) + days * DAY)
        return gone, [row.code for row in in_database(database)]

    assert purge(days=399) == (5, signed + bad[-3:] + other)
    assert purge(days=399) == (0, signed + bad[-3:] + other)
    monkeypatch.setattr(sign_ins, "first_id", lambda _: id_of(database, signed[2]))
    assert purge(days=0) == (2, signed[2:] + bad[-3:] + other)
    monkeypatch.undo()
    assert purge(days=401) == (7, [])


def id_of(database: Database, code: str) -> UUID:
    return next(row.id for row in in_database(database) if row.code == code)


def test_a_server_purges_what_is_too_old(
    office: Hands, settings: Settings, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scim_server.services.sign_ins.new_id", lambda: first_id(datetime.now(UTC) - 401 * DAY))
    refused(office)
    monkeypatch.undo()
    kept = refused(office)
    own = connect(settings)
    try:
        jobs.start(own, settings)
        wait_until(lambda: [row.code for row in in_database(database)] == [kept], "the job purges")
    finally:
        jobs.close_all()
        own.engine.dispose()


# Of whoever is purged


def test_a_purged_persons_attempts_go_and_their_names_from_those_of_others(
    acme: Directory, office: Hands, database: Database
) -> None:
    name = {"familyName": "Lovelace", "givenName": "Ada"}
    emails = [{"value": "Ada.Lovelace@acme.example", "primary": True}]
    ada = UUID(acme.create_user("ada.lovelace", emails=emails, name=name).id)
    bob = office.create("bob")
    signed_in(office, ada, mapped={"mail": ["ada.lovelace@acme.example"]})
    gone = [
        refused(office, claimed="ADA.lovelace@acme.example"),
        refused(office, user=bob, came="ada.lovelace@acme.example: ada.lovelace, active"),
        refused(office, user=bob, details={"mapped": {"manager": ["Lovelace"]}}),
    ]
    kept = [
        refused(office, claimed="xada.lovelace@acme.example"),
        refused(office, user=bob, came="bob@acme.example", details={"mapped": {"givenName": ["Adam"]}}),
        signed_in(office, bob),
    ]
    before = {row.code: (row.claimed, row.details) for row in in_database(database)}

    acme.delete(f"/Users/{ada}")
    with office.acting() as ctx:
        retention.purge_user(ctx, users.get_deleted_user_to_change(ctx, ada))

    rows = {row.code: row for row in in_database(database)}
    assert rows.keys() == {*gone, *kept}
    for code in gone:
        assert (rows[code].claimed, rows[code].details) == ("a purged user", {})
    for code in kept:
        assert (rows[code].claimed, rows[code].details) == before[code]
    left = repr(contents(database)).lower().replace("xada.lovelace", "")
    assert "lovelace" not in left


def test_each_attempt_tells_where_it_came_from_and_in_which_request(
    settings: Settings, office: Hands, database: Database
) -> None:
    session_id = uuid4()
    with office.acting() as ctx:
        ctx = replace(ctx, device=Device("203.0.113.7", "Firefox"), request_id="r-1")
        record_sign_in(ctx, Outcome.SIGNED_IN, Trace(Way.PASSKEY), session_id=session_id)

    [row] = in_database(database)
    assert (row.ip, row.user_agent, row.request_id, row.session_id) == ("203.0.113.7", "Firefox", "r-1", session_id)
    assert (row.way, row.outcome, row.reason, row.details) == ("passkey", "signed_in", None, {})
    assert isinstance(row.id, UUID)
