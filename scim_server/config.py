"""Settings: one typed object, read once at the start; a wrong value stops the start with a sentence that names it."""

import os
import re
import secrets
from collections.abc import Iterable
from difflib import get_close_matches
from email.errors import HeaderParseError
from email.headerregistry import Address
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from dotenv import dotenv_values
from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

PREFIX = "SCIM_"
# Names that begin with the prefix and are no setting of this file: the one that chooses the file beside default.toml.
_ENVIRONMENT = "SCIM_ENV"
_DOTENV = ".env"
_KEY_FILE = Path("var") / "secret.key"
_MAILBOX = re.compile(r'(?:"?(?P<name>[^<>"]+?)"?\s*<)?(?P<address>[^\s@<>]+@[^\s@<>]+)>?')


class ConfigError(Exception):
    """The settings cannot be used; `str()` is one sentence a line, each naming the setting."""


def _database_url(value: str) -> str:
    try:
        url = make_url(value)
    except (ArgumentError, ValueError):  # a ValueError would tell a piece of the password
        raise ValueError("is not a database URL such as sqlite:///var/scim.db or postgresql://…") from None
    if url.get_backend_name() == "postgres":
        url = url.set(drivername="postgresql")
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise ValueError("must be the URL of a SQLite or a PostgreSQL database")
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ValueError("must name a file: every worker of the server opens it")
        return url.set(drivername="sqlite+pysqlite").render_as_string(hide_password=False)
    return url.set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _public_url(value: str) -> str:
    if not value:
        return value
    if _scheme(value) not in ("http", "https") or "?" in value or "#" in value:
        raise ValueError("must look like https://scim.example.com")
    return value.rstrip("/")


def _scheme(url: str) -> str:
    """The scheme of a URL that names a host on some port, else nothing."""
    try:
        parts = urlsplit(url)
        names_host = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return ""
    return parts.scheme if names_host else ""


def _secret_key(value: SecretStr) -> SecretStr:
    if 0 < len(value.get_secret_value()) < 32:
        raise ValueError("must have at least 32 characters")
    return value


def _several(value: object) -> object:
    """Several secrets in a variable of the environment, with blanks or commas between."""
    return value.replace(",", " ").split() if isinstance(value, str) else value


def _mail_url(value: str) -> str:
    names_folder = value.startswith("file:") and value != "file:"
    if not names_folder and _scheme(value) not in ("smtp", "smtps"):
        raise ValueError("must be smtp://host or smtps://host, or file: and a folder")
    return value


def _mail_from(value: str) -> str:
    if value:
        try:
            mailbox(value)
        except (ValueError, HeaderParseError):
            raise ValueError("must look like no-reply@example.com or Example <no-reply@example.com>") from None
    return value


def mailbox(value: str) -> Address:
    """An address, or a name and an address.

    Raises ValueError, HeaderParseError.
    """
    found = _MAILBOX.fullmatch(value)
    if found is None or not value.isprintable():
        raise ValueError("no mailbox")
    return Address(found["name"] or "", addr_spec=found["address"])


def _queue_url(value: str) -> str:
    if value and not value.startswith("sqlite:///") and _scheme(value) not in ("postgresql", "redis", "rediss"):
        raise ValueError("must begin with sqlite:///, postgresql:// or redis://")
    return value


def _dns_servers(value: str) -> str:
    try:
        _dns_addresses(value)
    except ValueError:
        raise ValueError("must be addresses such as 9.9.9.9, 10.0.0.2:5353 or [2620:fe::fe]:53") from None
    return value


def _dns_addresses(value: str) -> list[tuple[str, int]]:
    """Raises ValueError."""
    found = []
    for each in value.replace(",", " ").split():
        parts = urlsplit(f"//{each}")
        address = str(ip_address(parts.hostname or ""))
        if parts.netloc != each or parts.port == 0:
            raise ValueError(each)
        found.append((address, parts.port or 53))
    return found


class Settings(BaseSettings):
    """What config/default.toml documents, one field a setting."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, env_file=_DOTENV, extra="ignore", frozen=True, hide_input_in_errors=True
    )

    database_url: Annotated[str, AfterValidator(_database_url)] = Field(repr=False)
    database_pool_size: int = Field(ge=1, le=100)
    public_url: Annotated[str, AfterValidator(_public_url)]
    host: str = Field(min_length=1)
    port: int = Field(ge=1, le=65535)
    trusted_proxies: int = Field(ge=0, le=10)
    workers: int = Field(ge=1, le=64)
    threads: int = Field(ge=1, le=256)
    graceful_seconds: int = Field(ge=1, le=600)
    secret_key: Annotated[SecretStr, AfterValidator(_secret_key)]
    previous_secret_keys: Annotated[
        tuple[Annotated[SecretStr, AfterValidator(_secret_key)], ...], NoDecode, BeforeValidator(_several)
    ]
    mail_url: Annotated[str, AfterValidator(_mail_url)] = Field(repr=False)
    mail_from: Annotated[str, AfterValidator(_mail_from)]
    queue_url: Annotated[str, AfterValidator(_queue_url)] = Field(repr=False)
    allow_private_networks: bool
    dns_servers: Annotated[str, AfterValidator(_dns_servers)]
    max_body_bytes: int = Field(ge=1024)
    bulk_max_operations: int = Field(ge=1, le=10_000)
    default_page_size: int = Field(ge=1)
    max_page_size: int = Field(ge=1, le=10_000)
    cursor_timeout: int = Field(ge=60)
    rate_limit: int = Field(ge=25)
    api_rate_limit: int = Field(ge=1)
    request_log_days: int = Field(ge=0, le=3650)
    request_log_entries: int = Field(ge=100)
    request_log_body_bytes: int = Field(ge=0)
    sign_in_log_days: int = Field(ge=1, le=3650)
    import_days: int = Field(ge=1, le=3650)
    access_token_seconds: int = Field(ge=60, le=86_400)
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["json", "console"]

    @model_validator(mode="after")
    def _page_sizes_agree(self) -> Self:
        if self.default_page_size > self.max_page_size:
            raise ValueError("SCIM_DEFAULT_PAGE_SIZE must not be larger than SCIM_MAX_PAGE_SIZE")
        return self

    @property
    def base_url(self) -> str:
        """The address that the outside world uses, without a slash at its end."""
        return self.public_url or f"http://127.0.0.1:{self.port}"

    @property
    def dns_addresses(self) -> list[tuple[str, int]]:
        """Whom to ask for the records of domains: addresses and ports; none where it is those of the machine."""
        return _dns_addresses(self.dns_servers)

    @property
    def sender(self) -> Address:
        """Who mail is from."""
        return mailbox(self.mail_from or f"no-reply@{self._host_name}")

    @property
    def _host_name(self) -> str:
        """The name that the outside world knows this server by; an IP address is no name."""
        host = urlsplit(self.base_url).hostname or ""
        return host if re.search("[a-z]", host) and ":" not in host else "localhost"

    @property
    def database(self) -> URL:
        return make_url(self.database_url)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        del file_secret_settings
        files = TomlConfigSettingsSource(settings_cls, toml_file=_files(os.environ.get(_ENVIRONMENT, "")))
        return init_settings, env_settings, dotenv_settings, files


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (what the command line says) win over environment, `.env` and files.

    Raises ConfigError.
    """
    _refuse_misspelt([*os.environ, *dotenv_values(_DOTENV)])
    try:
        settings = Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as error:
        raise ConfigError("\n".join(_sentence(each) for each in error.errors())) from None
    if settings.secret_key.get_secret_value():
        return settings
    try:
        return settings.model_copy(update={"secret_key": SecretStr(_own_key())})
    except OSError as error:
        raise ConfigError(f"SCIM_SECRET_KEY is not set, and {_KEY_FILE} cannot be made: {error.strerror}.") from None


def _own_key() -> str:
    """The key of a server that was given none: made once, whichever process comes first, and kept."""
    _KEY_FILE.parent.mkdir(parents=True, exist_ok=True)
    made = _KEY_FILE.with_name(f"{_KEY_FILE.name}.{os.getpid()}")
    made.touch(mode=0o600)
    made.write_text(secrets.token_urlsafe(48))
    try:
        os.link(made, _KEY_FILE)  # atomic, and refused where there is one already
    except FileExistsError:
        pass
    finally:
        made.unlink()
    return _KEY_FILE.read_text()


def _files(environment: str) -> list[Path]:
    default = _default_file()
    if not environment:
        return [default]
    chosen = default.parent / f"{environment}.toml"
    if not environment.isidentifier() or not chosen.is_file():
        raise ConfigError(f"{_ENVIRONMENT} is {environment!r}, but there is no config/{environment}.toml")
    return [default, chosen]


def _default_file() -> Path:
    """config/default.toml of the checkout, or the copy of it that an installed package carries."""
    package = Path(__file__).parent
    checkout = package.parent / "config" / "default.toml"
    return checkout if checkout.is_file() else package / "default.toml"


def _refuse_misspelt(names: Iterable[str]) -> None:
    known = [f"{PREFIX}{name}".upper() for name in Settings.model_fields] + [_ENVIRONMENT]
    for name in names:
        if name.startswith(PREFIX) and name not in known:
            # Only a near miss is a mistake: a script may well keep its token in SCIM_TOKEN.
            near = get_close_matches(name, known, n=1, cutoff=0.85)
            if near:
                raise ConfigError(f"{name} is not a setting. Did you mean {near[0]}?")


def _sentence(error: Any) -> str:
    message = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return str(message)
    name = f"{PREFIX}{error['loc'][0]}".upper().replace(PREFIX + PREFIX, PREFIX)
    return f"{name} {message[0].lower()}{message[1:]}."
