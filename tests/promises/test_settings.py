"""Every setting is documented; a wrong one stops the start with a sentence that names it and tells no secret."""

import os
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scim_server.config import PREFIX, ConfigError, Settings, load_settings

CONFIG = Path(__file__).parents[2] / "config"
DEFAULTS = (CONFIG / "default.toml").read_text()
FIELDS = set(Settings.model_fields)

WRONG = (
    ("SCIM_DATABASE_URL", ""),
    ("SCIM_DATABASE_URL", "var/scim.db"),
    ("SCIM_DATABASE_URL", "sqlite://"),
    ("SCIM_DATABASE_URL", "sqlite:///:memory:"),
    ("SCIM_DATABASE_URL", "mysql://scim:hunter2@db.internal/scim"),
    ("SCIM_DATABASE_URL", "postgresql://scim:hunter2@db.internal:port/scim"),
    ("SCIM_DATABASE_POOL_SIZE", "0"),
    ("SCIM_PUBLIC_URL", "scim.example.com"),
    ("SCIM_PUBLIC_URL", "https://"),
    ("SCIM_PUBLIC_URL", "https://:443"),
    ("SCIM_PUBLIC_URL", "ftp://scim.example.com"),
    ("SCIM_PUBLIC_URL", "https://scim.example.com/?a=b"),
    ("SCIM_HOST", ""),
    ("SCIM_PORT", ""),
    ("SCIM_PORT", "http"),
    ("SCIM_PORT", "65536"),
    ("SCIM_TRUSTED_PROXIES", "-1"),
    ("SCIM_TRUSTED_PROXIES", "11"),
    ("SCIM_WORKERS", "2.5"),
    ("SCIM_THREADS", "-1"),
    ("SCIM_GRACEFUL_SECONDS", "0"),
    ("SCIM_SECRET_KEY", "hunter2"),
    ("SCIM_PREVIOUS_SECRET_KEYS", "hunter2"),
    ("SCIM_MAIL_URL", ""),
    ("SCIM_MAIL_URL", "mail.internal"),
    ("SCIM_MAIL_URL", "smtp://"),
    ("SCIM_MAIL_URL", "file:"),
    ("SCIM_MAIL_FROM", "Example"),
    ("SCIM_MAIL_FROM", "a@example.com, b@example.com"),
    ("SCIM_MAIL_FROM", "Example\r\nBcc: <a@example.com>"),
    ("SCIM_QUEUE_URL", "nonsense"),
    ("SCIM_ALLOW_PRIVATE_NETWORKS", "maybe"),
    ("SCIM_DNS_SERVERS", "dns.internal"),
    ("SCIM_DNS_SERVERS", "9.9.9.9, 10.0.0.2:port"),
    ("SCIM_DNS_SERVERS", "9.9.9.9:0"),
    ("SCIM_DNS_SERVERS", "https://9.9.9.9/dns-query"),
    ("SCIM_MAX_BODY_BYTES", "16MB"),
    ("SCIM_MAX_BODY_BYTES", "1"),
    ("SCIM_BULK_MAX_OPERATIONS", "0"),
    ("SCIM_BULK_MAX_OPERATIONS", "10001"),
    ("SCIM_DEFAULT_PAGE_SIZE", "0"),
    ("SCIM_DEFAULT_PAGE_SIZE", "501"),
    ("SCIM_MAX_PAGE_SIZE", "10001"),
    ("SCIM_RATE_LIMIT", "24"),
    ("SCIM_REQUEST_LOG_DAYS", "-1"),
    ("SCIM_REQUEST_LOG_ENTRIES", "99"),
    ("SCIM_REQUEST_LOG_BODY_BYTES", "-1"),
    ("SCIM_SIGN_IN_LOG_DAYS", "0"),
    ("SCIM_IMPORT_DAYS", "0"),
    ("SCIM_ACCESS_TOKEN_SECONDS", "59"),
    ("SCIM_ACCESS_TOKEN_SECONDS", "86401"),
    ("SCIM_LOG_LEVEL", "loud"),
    ("SCIM_LOG_FORMAT", "xml"),
    ("SCIM_ENV", "nowhere"),
    ("SCIM_ENV", "../config/testing"),
)

# A password that nobody escaped splits a URL in places where it should not.
LEAKY = (
    "postgresql://scim:{}@db.internal:port/scim",
    "postgresql://scim:p@{}:{}@db.internal/scim",
    "postgresql://scim:p@ss:{}@db.internal/scim",
    "postgresql:/scim:{}@db.internal/scim",
    "scim:{}@db.internal/scim",
    "mysql://scim:{}@db.internal/scim",
    "postgresql://scim:{}@[::1/scim",
)
SECRET = "hunter2"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that says nothing about our settings; the working directory is an empty one already."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)


def variable(field: str) -> str:
    return f"{PREFIX}{field}".upper()


def refusal() -> str:
    with pytest.raises(ConfigError) as refused:
        load_settings()
    return str(refused.value)


def blocks() -> Iterator[tuple[list[str], list[str]]]:
    """The paragraphs of default.toml that set something: the lines of its comment, and the names below it."""
    for block in DEFAULTS.split("\n\n"):
        lines = block.strip().splitlines()
        names = [found[1] for line in lines if (found := re.match(r"(\w+) = ", line))]
        comment = [line.removeprefix("#").strip() for line in lines if line.startswith("#")]
        if names:
            assert lines == [f"# {line}" for line in comment] + lines[len(comment) :], f"a comment below {names}"
            yield comment, names


def test_every_setting_has_a_default_and_nothing_else_has() -> None:
    assert set(tomllib.loads(DEFAULTS)) == FIELDS


def test_every_setting_has_a_comment_above_it() -> None:
    commented = [name for comment, names in blocks() for name in names if len(" ".join(comment)) > 20]

    assert sorted(commented) == sorted(FIELDS)


@pytest.mark.parametrize("file", sorted(CONFIG.glob("*.toml")), ids=lambda file: file.name)
def test_every_file_sets_only_what_is_a_setting(file: Path) -> None:
    assert set(tomllib.loads(file.read_text())) <= FIELDS


@pytest.mark.parametrize("environment", ["", *sorted(file.stem for file in CONFIG.glob("*.toml"))])
def test_every_environment_loads(environment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    if environment:
        monkeypatch.setenv("SCIM_ENV", environment)

    assert load_settings().database.get_backend_name() == "sqlite"


@pytest.mark.parametrize(("name", "value"), WRONG)
def test_a_wrong_value_is_refused_with_a_sentence_that_names_it(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)

    sentence = refusal()

    assert sentence.startswith(f"{name} ")
    assert "\n" not in sentence
    assert SECRET not in sentence


@pytest.mark.parametrize(("name", "value"), [each for each in WRONG if each[0] != "SCIM_ENV"])
def test_a_wrong_line_of_env_is_refused_just_so(name: str, value: str) -> None:
    Path(".env").write_text(f"{name}={value}\n")

    assert refusal().startswith(f"{name} ")


def test_all_that_is_wrong_is_said_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_PORT", "http")
    monkeypatch.setenv("SCIM_LOG_LEVEL", "loud")

    assert {sentence.split()[0] for sentence in refusal().splitlines()} == {"SCIM_PORT", "SCIM_LOG_LEVEL"}


@pytest.mark.parametrize("field", sorted(FIELDS))
def test_a_misspelt_variable_is_refused_with_its_name_and_the_right_one(
    field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = variable(field)
    for misspelt in (name[:-1], f"{name}S", name[:-2] + name[-1] + name[-2]):
        with monkeypatch.context() as patched:
            patched.setenv(misspelt, SECRET)

            sentence = refusal()

        assert misspelt in sentence.split()
        assert f"{name}?" in sentence.split()
        assert SECRET not in sentence


def test_a_misspelt_line_of_env_is_refused_with_its_name() -> None:
    Path(".env").write_text(f"SCIM_SECRET_KY={SECRET}\n")

    sentence = refusal()

    assert sentence.startswith("SCIM_SECRET_KY ")
    assert SECRET not in sentence


def test_a_variable_that_is_none_of_ours_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    # A script may keep its token in SCIM_TOKEN, and a `.env` file serves several programs.
    monkeypatch.setenv("SCIM_TOKEN", SECRET)
    Path(".env").write_text(f"POSTGRES_PASSWORD={SECRET}\n")

    assert load_settings().port == 8000


@pytest.mark.parametrize("url", LEAKY)
def test_no_refusal_tells_the_password_of_the_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_DATABASE_URL", url.replace("{}", SECRET))

    sentence = refusal()

    assert sentence.startswith("SCIM_DATABASE_URL ")
    assert SECRET not in sentence


def test_no_refusal_tells_the_secret_key_or_the_password_of_the_mail_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_SECRET_KEY", SECRET)
    monkeypatch.setenv("SCIM_MAIL_URL", f"imap://scim:{SECRET}@mail.internal")

    sentence = refusal()

    assert {line.split()[0] for line in sentence.splitlines()} == {"SCIM_SECRET_KEY", "SCIM_MAIL_URL"}
    assert SECRET not in sentence


def test_the_secret_key_is_not_in_what_the_settings_look_like(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCIM_SECRET_KEY", SECRET * 8)

    settings = load_settings()

    assert SECRET not in f"{settings!r} {settings}"
    assert settings.secret_key.get_secret_value() == SECRET * 8


@pytest.mark.parametrize(
    ("said", "name", "address"),
    [
        ("", "", "no-reply@scim.example.com"),
        ("hello@acme.example", "", "hello@acme.example"),
        ("Acme, Inc. <hello@acme.example>", "Acme, Inc.", "hello@acme.example"),
        ('"Ação" <hello@acme.example>', "Ação", "hello@acme.example"),
    ],
)
def test_mail_is_from_whom_the_settings_say(
    said: str, name: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SCIM_MAIL_FROM", said)
    monkeypatch.setenv("SCIM_PUBLIC_URL", "https://scim.example.com/path")

    sender = load_settings().sender

    assert (sender.display_name, sender.addr_spec) == (name, address)


def test_mail_of_a_server_without_a_name_is_from_localhost() -> None:
    assert load_settings().sender.addr_spec == "no-reply@localhost"


def test_the_command_line_beats_the_environment_which_beats_env_which_beats_the_files(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    steps = [load_settings().workers]

    monkeypatch.setenv("SCIM_ENV", "development")
    steps.append(load_settings().workers)
    Path(".env").write_text("SCIM_WORKERS=11\n")
    steps.append(load_settings().workers)
    monkeypatch.setenv("SCIM_WORKERS", "12")
    steps.append(load_settings().workers)
    steps.append(load_settings(workers=13).workers)
    steps.append(load_settings(workers=None).workers)

    assert steps == [2, 1, 11, 12, 13, 12]


def test_the_example_for_production_names_only_settings_and_loads() -> None:
    example = (CONFIG / "production.example.env").read_text()
    named = {line.partition("=")[0] for line in example.splitlines() if line and not line.startswith("#")}
    Path(".env").write_text(example)

    settings = load_settings()

    assert named <= {variable(field) for field in FIELDS}
    assert {"SCIM_DATABASE_URL", "SCIM_PUBLIC_URL", "SCIM_SECRET_KEY"} <= named
    assert settings.database.get_backend_name() == "postgresql"
    assert settings.base_url.startswith("https://")
