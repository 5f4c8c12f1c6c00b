"""What an operator can do on the command line, and what a script that calls it can rely on."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import click
import pytest
from click.testing import CliRunner, Result
from flask import Flask
from joserfc.jwk import ECKey
from sqlalchemy import Pool, event, text

from scim_server.cli import main
from scim_server.db import Database
from scim_server.models import Provider
from tests.cli.conftest import Command
from tests.clients import Directory
from tests.conftest import PUBLIC_URL
from tests.oauth import EC, TOKEN_URL, Client, basic, public_pem, signed
from tests.processes import run

UPGRADE = "scim-server db upgrade"


def commands(group: click.Group = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every command and group, ("token", "create")."""
    yield path
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name)


def named(path: tuple[str, ...]) -> click.Command:
    found: click.Command = main
    for name in path:
        assert isinstance(found, click.Group)
        found = found.commands[name]
    return found


def does_something(path: tuple[str, ...]) -> bool:
    return not isinstance(named(path), click.Group)


def assert_refused(result: Result, *sentences: str) -> None:
    """Exit code 1, nothing on standard output, and a sentence on standard error that says all this."""
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr.startswith("Error: ")
    assert "Traceback" not in result.stderr
    for sentence in sentences:
        assert sentence in result.stderr


# --help


@pytest.mark.parametrize("path", list(commands()), ids=" ".join)
def test_every_command_and_every_option_says_what_it_is_for(path: tuple[str, ...]) -> None:
    command = named(path)

    result = CliRunner().invoke(main, [*path, "--help"])

    assert result.exit_code == 0
    assert command.help is not None
    assert command.help.rstrip().endswith((".", ")"))
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{parameter.name} has no help"
        else:
            names = {(parameter.name or "").upper(), parameter.metavar or ""} - {""}
            assert any(name in command.help for name in names), f"the help does not say what {parameter.name} is"


@pytest.mark.parametrize("path", [path for path in commands() if not does_something(path)], ids=" ".join)
def test_a_list_of_commands_says_each_in_a_whole_sentence(path: tuple[str, ...]) -> None:
    _, found, listed = CliRunner().invoke(main, [*path, "--help"]).stdout.partition("Commands:\n")

    assert found
    assert "..." not in listed


def test_the_program_says_its_version() -> None:
    result = CliRunner().invoke(main, ["--version"], prog_name="scim-server")

    assert result.exit_code == 0
    assert result.stdout.startswith("scim-server, version ")


def test_a_command_that_is_none_is_a_wrong_use() -> None:
    result = CliRunner().invoke(main, ["orgs", "create"])

    assert result.exit_code == 2
    assert "orgs" in result.stderr


# db upgrade, and a schema that is not what this version needs


def test_an_upgrade_makes_an_empty_database_one_that_works(command_on_nothing: Command) -> None:
    upgraded = command_on_nothing("db", "upgrade")

    assert upgraded.exit_code == 0
    assert upgraded.stdout == ""
    assert command_on_nothing("org", "create", "acme").exit_code == 0


def test_an_upgrade_can_be_repeated_and_keeps_what_is_there(command: Command) -> None:
    command("org", "create", "acme")

    again = command("db", "upgrade")

    assert again.exit_code == 0
    assert [each["slug"] for each in lines(command("org", "list"))] == ["acme"]


# `demo` upgrades the database itself; `serve` is in tests/server, because it would not come back if it did not refuse.
# `role templates` and `import sample` come with the program, and no database has to do with them.
ELSEWHERE = (("db", "upgrade"), ("demo",), ("serve",), ("role", "templates"), ("import", "sample"))
ON_A_SCHEMA = [path for path in commands() if does_something(path) and path not in ELSEWHERE]


def with_arguments(path: tuple[str, ...]) -> list[str]:
    """A command with something for all that it needs: a word of the choice, or standard input."""
    parameters = named(path).params
    needed = [each.type for each in parameters if isinstance(each, click.Argument)]
    options = [each for each in parameters if isinstance(each, click.Option) and each.required]
    return [*path, *(f"{each.opts[0]}={_something(each.type)}" for each in options), *map(_something, needed)]


def _something(kind: click.ParamType[Any]) -> str:
    if isinstance(kind, click.Choice):
        return str(kind.choices[0])
    if isinstance(kind, click.types.UUIDParameterType):
        return str(UUID(int=7))
    if isinstance(kind, click.types.IntParamType):
        return "1"
    if isinstance(kind, click.Path):
        return __file__
    return "-" if isinstance(kind, click.File) else "acme"


@pytest.mark.parametrize("path", ON_A_SCHEMA, ids=" ".join)
def test_a_command_on_an_empty_database_names_the_one_to_run_first(
    refused_command: Command, path: tuple[str, ...]
) -> None:
    refused = refused_command(*with_arguments(path))

    assert_refused(refused, "empty", UPGRADE)


def test_a_command_on_an_outdated_schema_names_the_one_to_run_first(
    command_on_nothing: Command, nothing: Database
) -> None:
    command_on_nothing("db", "upgrade")
    with nothing.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))

    for path in ON_A_SCHEMA:
        assert_refused(command_on_nothing(*with_arguments(path)), "0000", UPGRADE)


# org


def test_a_new_organization_is_printed_as_json(command: Command) -> None:
    result = command(
        "org", "create", "acme", "--name", "Acme Inc.", "--seats", "5", public_url="https://id.example.com"
    )

    assert result.exit_code == 0
    created = json.loads(result.stdout)
    assert list(created) == ["id", "slug", "scim_base_url", "console_url"]
    assert str(UUID(created["id"])) == created["id"]
    assert created["slug"] == "acme"
    assert created["scim_base_url"] == "https://id.example.com/scim/v2/acme"
    assert created["console_url"] == "https://id.example.com/console/acme"
    assert lines(command("org", "list")) == [{"id": created["id"], "slug": "acme", "name": "Acme Inc.", "seats": 5}]


def test_without_a_public_url_the_urls_are_those_of_this_machine(command: Command) -> None:
    created = json.loads(command("org", "create", "acme", port="9000").stdout)

    assert created["scim_base_url"] == "http://127.0.0.1:9000/scim/v2/acme"


def test_a_slug_is_taken_once(command: Command) -> None:
    command("org", "create", "acme")

    again = command("org", "create", "acme")
    other = command("org", "create", "globex")

    assert_refused(again, "'acme'", "already")
    assert other.exit_code == 0
    assert [each["slug"] for each in lines(command("org", "list"))] == ["acme", "globex"]


@pytest.mark.parametrize("slug", ["Acme", "a_b", "-acme", "acme-", "a" * 64, "acme/x", "ä", "", "acme\n"])
def test_a_slug_that_does_not_fit_into_a_url_is_refused(command: Command, slug: str) -> None:
    refused = command("org", "create", "--", slug)

    assert_refused(refused, "slug must be")
    assert command("org", "list").stdout == ""


@pytest.mark.parametrize("seats", ["0", "-1", "many"])
def test_seats_are_a_positive_number(command: Command, seats: str) -> None:
    result = command("org", "create", "acme", "--seats", seats)

    assert result.exit_code == 2
    assert "--seats" in result.stderr
    assert command("org", "list").stdout == ""


# token


@pytest.fixture
def two_organizations(command: Command) -> Command:
    command("org", "create", "acme")
    command("org", "create", "globex")
    return command


def test_a_new_token_is_printed_alone_and_lets_its_organization_in(two_organizations: Command, app: Flask) -> None:
    result = two_organizations("token", "create", "acme")

    assert result.exit_code == 0
    assert result.stderr == ""
    [token] = result.stdout.splitlines()
    assert result.stdout == f"{token}\n"
    assert Directory(app, "acme", token).get("/Users").status == 200
    assert Directory(app, "globex", token).get("/Users").status == 401


@pytest.mark.parametrize("provider", [each.value for each in Provider])
def test_a_token_is_for_the_directory_of_a_provider(two_organizations: Command, provider: str) -> None:
    result = two_organizations("token", "create", "acme", "--provider", provider, "--name", "the first")

    assert result.exit_code == 0
    [listed] = lines(two_organizations("token", "list", "acme"))
    assert (listed["provider"], listed["name"]) == (provider, "the first")
    assert two_organizations("token", "list", "globex").stdout == ""


def test_the_providers_are_those_of_the_contract_and_one_that_is_held_to_the_letter() -> None:
    contract = {"okta", "entra", "google", "onelogin", "jumpcloud", "ping", "generic"}

    assert {each.value for each in Provider} == contract | {"strict"}


def test_a_directory_is_told_what_its_patches_are_answered(two_organizations: Command) -> None:
    two_organizations("token", "create", "acme", "--provider", "entra")
    two_organizations("token", "create", "globex", "--provider", "entra")

    told = two_organizations("directory", "set", "acme", "entra", "--patch-response", "no_content")

    assert told.exit_code == 0
    [listed] = lines(two_organizations("directory", "list", "acme"))
    assert (listed["provider"], listed["patch_response"], listed["basic_auth"]) == ("entra", "no_content", False)
    assert lines(two_organizations("directory", "list", "globex"))[0]["patch_response"] == "body"
    assert_refused(two_organizations("directory", "set", "acme", "okta"), "okta")


def test_a_provider_that_we_do_not_know_is_a_wrong_use(two_organizations: Command) -> None:
    result = two_organizations("token", "create", "acme", "--provider", "keycloak")

    assert result.exit_code == 2
    assert result.stdout == ""
    assert "keycloak" in result.stderr
    assert "okta" in result.stderr
    assert two_organizations("token", "list", "acme").stdout == ""


def test_a_token_ends_after_the_days_that_were_asked_for(two_organizations: Command) -> None:
    before = datetime.now(UTC)

    two_organizations("token", "create", "acme", "--expires-in", "30")

    [listed] = lines(two_organizations("token", "list", "acme"))
    assert listed["usable"] is True
    assert before + timedelta(days=30) <= datetime.fromisoformat(listed["expires_at"])
    assert datetime.fromisoformat(listed["expires_at"]) <= datetime.now(UTC) + timedelta(days=30)


def test_a_token_without_a_number_of_days_does_not_end(two_organizations: Command) -> None:
    two_organizations("token", "create", "acme")

    [listed] = lines(two_organizations("token", "list", "acme"))
    assert listed["expires_at"] is None


@pytest.mark.parametrize("days", ["0", "-1", "soon", "1.5", "999999999", "99999999999999999999"])
def test_a_token_cannot_end_on_a_day_that_there_is_not(two_organizations: Command, days: str) -> None:
    result = two_organizations("token", "create", "acme", "--expires-in", days)

    assert result.exit_code in (1, 2)
    assert isinstance(result.exception, SystemExit)  # said in a sentence, and no traceback
    assert result.stdout == ""
    assert "expires-in" in result.stderr
    assert two_organizations("token", "list", "acme").stdout == ""


def test_a_list_of_tokens_tells_them_apart_and_shows_no_secret(two_organizations: Command) -> None:
    first = two_organizations("token", "create", "acme").stdout.strip()
    second = two_organizations("token", "create", "acme").stdout.strip()

    result = two_organizations("token", "list", "acme")

    listed = [each["prefix"] for each in lines(result)]
    assert first != second
    assert len(set(listed)) == 2
    for token, prefix in zip([second, first], listed, strict=True):
        assert token.startswith(prefix)
        secret = token.removeprefix(prefix).lstrip("_")
        assert len(secret) >= 40
        assert secret not in result.output


def test_a_revoked_token_lets_nobody_in_and_the_others_stay(two_organizations: Command, app: Flask) -> None:
    kept = two_organizations("token", "create", "acme").stdout.strip()
    lost = two_organizations("token", "create", "acme").stdout.strip()
    others = two_organizations("token", "create", "globex").stdout.strip()
    prefix = prefix_of(lost)

    revoked = two_organizations("token", "revoke", "acme", prefix)
    again = two_organizations("token", "revoke", "acme", prefix)

    assert (revoked.exit_code, revoked.stdout) == (0, "")
    assert prefix in revoked.stderr
    assert again.exit_code == 0
    assert Directory(app, "acme", lost).get("/Users").status == 401
    assert Directory(app, "acme", kept).get("/Users").status == 200
    assert Directory(app, "globex", others).get("/Users").status == 200
    assert [each["usable"] for each in lines(two_organizations("token", "list", "acme"))] == [False, True]


def test_a_token_of_another_organization_cannot_be_revoked(two_organizations: Command, app: Flask) -> None:
    token = two_organizations("token", "create", "acme").stdout.strip()

    refused = two_organizations("token", "revoke", "globex", prefix_of(token))

    assert_refused(refused, prefix_of(token))
    assert Directory(app, "acme", token).get("/Users").status == 200


@pytest.mark.parametrize(
    "arguments", [("create", "initech"), ("list", "initech"), ("revoke", "initech", "scim_00000000")]
)
def test_an_organization_that_is_not_there_is_said(two_organizations: Command, arguments: tuple[str, ...]) -> None:
    refused = two_organizations("token", *arguments)

    assert_refused(refused, "There is no organization initech.")


def test_a_token_for_a_user_is_good_at_me(two_organizations: Command, app: Flask) -> None:
    directory = Directory(app, "acme", two_organizations("token", "create", "acme").stdout.strip())
    directory.create_user("Ada@example.com")

    result = two_organizations("token", "create", "acme", "--user", "ada@EXAMPLE.com", "--expires-in", "1")

    assert result.exit_code == 0
    [token] = result.stdout.splitlines()
    assert Directory(app, "acme", token).get("/Me")["userName"] == "Ada@example.com"
    listed = lines(two_organizations("token", "list", "acme"))
    assert [(each["provider"], each["user"]) for each in listed] == [(None, "Ada@example.com"), ("generic", None)]
    two_organizations("token", "revoke", "acme", prefix_of(token))
    assert Directory(app, "acme", token).get("/Me").status == 401


def test_a_token_for_nobody_is_refused(two_organizations: Command, app: Flask) -> None:
    directory = Directory(app, "acme", two_organizations("token", "create", "acme").stdout.strip())
    directory.delete(f"/Users/{directory.create_user('ada').id}")
    elsewhere = Directory(app, "globex", two_organizations("token", "create", "globex").stdout.strip())
    elsewhere.create_user("gina")

    for name in ("ada", "gina", "", "%"):
        assert_refused(two_organizations("token", "create", "acme", "--user", name), f"There is no user {name}.")
    both = two_organizations("token", "create", "acme", "--user", "ada", "--provider", "okta")
    assert (both.exit_code, both.stdout) == (2, "")
    assert len(lines(two_organizations("token", "list", "acme"))) == 1


# client, directory


def client_of(result: Result, app: Flask) -> Client:
    assert result.exit_code == 0, result.stderr
    created = json.loads(result.stdout)
    return Client(
        app, created["scim_base_url"].rpartition("/")[2], created["client_id"], created.get("client_secret", "")
    )


def test_a_new_client_is_printed_with_all_that_an_identity_provider_asks_for(
    two_organizations: Command, app: Flask
) -> None:
    result = two_organizations("client", "create", "acme", "--provider", "ping", public_url=PUBLIC_URL)

    assert result.stderr == ""
    created = json.loads(result.stdout)
    assert list(created) == ["client_id", "client_secret", "token_url", "scim_base_url", "metadata_url"]
    assert created["token_url"] == TOKEN_URL
    assert created["scim_base_url"] == f"{PUBLIC_URL}/scim/v2/acme"
    assert created["metadata_url"] == f"{PUBLIC_URL}/.well-known/oauth-authorization-server"
    client = client_of(result, app)
    assert client.directory(client.by_basic()).get("/Users").status == 200
    # What a client fetches is no token that anybody has made.
    assert two_organizations("token", "list", "acme").stdout == ""


def test_a_client_with_a_public_key_has_no_secret(two_organizations: Command, app: Flask, tmp_path: Path) -> None:
    jwks = {"keys": [ECKey.import_key(public_pem(EC)).as_dict(private=False)]}
    files = {"key.pem": public_pem(EC), "jwks.json": json.dumps(jwks), "jwk.json": json.dumps(jwks["keys"][0])}

    for name, content in files.items():
        (tmp_path / name).write_text(content)
        result = two_organizations("client", "create", "acme", "--public-key", str(tmp_path / name))
        assert list(json.loads(result.stdout)) == ["client_id", "token_url", "scim_base_url", "metadata_url"]
        client = client_of(result, app)
        assert client.by_assertion(signed(EC, client.claims())).status_code == 200


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}", b"-----BEGIN EC PRIVATE KEY-----"], ids=str)
def test_a_file_that_is_no_public_key_makes_no_client(
    two_organizations: Command, tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "key.pem"
    file.write_bytes(content)

    for path in (file, tmp_path / "nothing.pem"):
        result = two_organizations("client", "create", "acme", "--public-key", str(path))
        assert result.exit_code in (1, 2)
        assert isinstance(result.exception, SystemExit)
        assert "public-key" in result.stderr
        assert result.stdout == ""
    assert two_organizations("client", "list", "acme").stdout == ""
    assert two_organizations("directory", "list", "acme").stdout == ""


def test_a_list_of_clients_tells_them_apart_and_shows_no_secret(
    two_organizations: Command, app: Flask, tmp_path: Path
) -> None:
    (tmp_path / "key.pem").write_text(public_pem(EC))
    first = client_of(two_organizations("client", "create", "acme", "--provider", "okta", "--name", "The first"), app)
    second = client_of(two_organizations("client", "create", "acme", "--public-key", str(tmp_path / "key.pem")), app)
    first.by_basic()

    result = two_organizations("client", "list", "acme")

    newer, older = lines(result)
    assert (newer["client_id"], newer["authenticates_with"], newer["last_used_at"]) == (second.id, "key", None)
    assert (older["client_id"], older["authenticates_with"]) == (first.id, "secret")
    assert (older["name"], older["provider"], older["usable"]) == ("The first", "okta", True)
    assert older["last_used_at"]
    assert first.secret not in result.output
    assert two_organizations("client", "list", "globex").stdout == ""


def test_a_revoked_client_gets_nothing_and_the_others_do(two_organizations: Command, app: Flask) -> None:
    lost, kept = (client_of(two_organizations("client", "create", "acme"), app) for _ in range(2))
    directory = lost.directory(lost.by_basic())

    refused = two_organizations("client", "revoke", "globex", lost.id)
    assert_refused(refused, lost.id)
    assert directory.get("/Users").status == 200

    revoked, again = (two_organizations("client", "revoke", "acme", lost.id) for _ in range(2))

    assert (revoked.exit_code, again.exit_code, revoked.stdout) == (0, 0, "")
    assert lost.id in revoked.stderr
    assert (directory.get("/Users").status, lost.by_basic().status_code) == (401, 401)
    assert kept.by_basic().status_code == 200
    assert [each["usable"] for each in lines(two_organizations("client", "list", "acme"))] == [True, False]


def test_basic_is_allowed_for_one_directory(two_organizations: Command, app: Flask) -> None:
    okta = client_of(two_organizations("client", "create", "acme", "--provider", "okta"), app)
    ping = client_of(two_organizations("client", "create", "acme", "--provider", "ping"), app)

    def statuses() -> list[int]:
        headers = [{"Authorization": basic(each.id, each.secret)} for each in (okta, ping)]
        return [Directory(app, "acme", "").get("/Users", headers=each).status for each in headers]

    assert statuses() == [401, 401]
    assert two_organizations("directory", "set", "acme", "okta", "--basic").exit_code == 0
    assert statuses() == [200, 401]
    assert two_organizations("directory", "set", "acme", "okta").exit_code == 0
    listed = lines(two_organizations("directory", "list", "acme"))
    assert [(each["provider"], each["basic_auth"]) for each in listed] == [("okta", True), ("ping", False)]
    assert two_organizations("directory", "set", "acme", "okta", "--no-basic").exit_code == 0
    assert statuses() == [401, 401]


def test_a_directory_that_is_not_there_is_said(two_organizations: Command) -> None:
    assert_refused(two_organizations("directory", "set", "acme", "okta", "--basic"), "okta")
    assert_refused(two_organizations("directory", "list", "initech"), "There is no organization initech.")
    assert_refused(two_organizations("client", "create", "initech"), "There is no organization initech.")


# Connections


def test_a_command_closes_what_it_opened(two_organizations: Command) -> None:
    open_now: set[int] = set()
    listeners = {
        "connect": lambda connection, _record: open_now.add(id(connection)),
        "close": lambda connection, _record: open_now.discard(id(connection)),
    }
    for name, listener in listeners.items():
        event.listen(Pool, name, listener)
    try:
        two_organizations("org", "create", "initech")
        two_organizations("org", "create", "initech")
        two_organizations("org", "list")
        two_organizations("token", "create", "acme")
        two_organizations("token", "list", "nobody")
        two_organizations("db", "upgrade")
    finally:
        for name, listener in listeners.items():
            event.remove(Pool, name, listener)

    assert open_now == set()


# Settings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SCIM_DATABASE_URL", "mysql://root@db.internal/scim"),
        ("SCIM_DATABASE_URL", "sqlite://"),
        ("SCIM_DATABASE_URL", "nonsense"),
        ("SCIM_DATABASE_POOL_SIZE", "0"),
        ("SCIM_PUBLIC_URL", "scim.example.com"),
        ("SCIM_PORT", "70000"),
        ("SCIM_PORT", ""),
        ("SCIM_WORKERS", "many"),
        ("SCIM_SECRET_KEY", "hunter2"),
        ("SCIM_MAIL_URL", "mailto:ada@example.com"),
        ("SCIM_MAX_BODY_BYTES", "16MB"),
        ("SCIM_DEFAULT_PAGE_SIZE", "100000"),
        ("SCIM_LOG_LEVEL", "loud"),
        ("SCIM_LOG_FORMAT", "xml"),
        ("SCIM_ENV", "nowhere"),
        ("SCIM_DATABSE_URL", "sqlite:///var/scim.db"),
    ],
)
def test_a_wrong_setting_is_named(name: str, value: str) -> None:
    environment = {"SCIM_ENV": None, name: value}

    refused = CliRunner().invoke(main, ["org", "list"], env=environment)

    assert_refused(refused, name)
    assert "hunter2" not in refused.stderr


def test_a_misspelt_setting_is_told_what_it_was_meant_to_be(tmp_path: Path) -> None:
    refused = CliRunner().invoke(main, ["org", "list"], env={"SCIM_ENV": None, "SCIM_PUBLIC_ULR": "https://x.example"})

    assert_refused(refused, "SCIM_PUBLIC_ULR", "SCIM_PUBLIC_URL")


def test_a_line_of_a_dotenv_file_counts_unless_the_environment_says_otherwise(command: Command, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCIM_PUBLIC_URL=https://from-the-file.example.com/\n")

    from_file = json.loads(command("org", "create", "acme").stdout)
    from_environment = json.loads(command("org", "create", "globex", public_url="https://id.example.com").stdout)

    assert from_file["scim_base_url"] == "https://from-the-file.example.com/scim/v2/acme"
    assert from_environment["scim_base_url"] == "https://id.example.com/scim/v2/globex"


def test_a_wrong_line_of_a_dotenv_file_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("SCIM_PROT=9000\n")

    assert_refused(command("org", "list"), "SCIM_PROT")


def test_a_dotenv_file_may_hold_what_other_programs_need(command: Command, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("POSTGRES_PASSWORD=of-the-container-beside-us\n")

    result = command("org", "list")

    assert result.exit_code == 0, result.stderr


def test_a_database_that_does_not_answer_is_said_without_its_password() -> None:
    url = "postgresql://scim:hunter2@127.0.0.1:1/scim"

    refused = CliRunner().invoke(main, ["org", "list"], env={"SCIM_ENV": None, "SCIM_DATABASE_URL": url})

    assert_refused(refused, "SCIM_DATABASE_URL")
    assert "hunter2" not in refused.output


# The same through the program itself, where a script reads its standard output and its exit code.


def test_a_script_gets_the_token_alone_whatever_is_logged(tmp_path: Path) -> None:
    """On SQLite, in the file of the defaults."""
    settings = {"log_level": "debug"}
    upgraded = run("db", "upgrade", folder=tmp_path, **settings)
    organization = run("org", "create", "acme", folder=tmp_path, **settings)
    created = run("token", "create", "acme", folder=tmp_path, **settings)
    refused = run("org", "create", "acme", folder=tmp_path, **settings)

    assert [each.returncode for each in (upgraded, organization, created, refused)] == [0, 0, 0, 1]
    assert upgraded.stdout == ""
    assert json.loads(organization.stdout)["slug"] == "acme"
    assert len(created.stdout.split()) == 1
    assert refused.stdout == ""
    assert refused.stderr.endswith("Error: There is already a organization whose slug is 'acme'.\n")
    assert (tmp_path / "var" / "scim.db").is_file()


def test_a_wrong_setting_stops_the_program_with_one_sentence(tmp_path: Path) -> None:
    refused = run("serve", folder=tmp_path, port="70000")

    assert refused.returncode == 1
    assert refused.stdout == ""
    [sentence] = refused.stderr.splitlines()
    assert sentence.startswith("Error: SCIM_PORT ")


def lines(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def prefix_of(token: str) -> str:
    """What `token list` and `token revoke` call it: scim_1a2b3c4d."""
    return "_".join(token.split("_")[:2])
