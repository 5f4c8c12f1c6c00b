"""Which field of a user each column of a file is: what its name suggests, and what a person says instead."""

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from scim_server.models import ImportMode, MatchBy
from scim_server.services.errors import InvalidValue, NotImportable
from scim_server.services.profiles import ENTERPRISE_USER, PRODUCT_USER


@dataclass(frozen=True, slots=True)
class Target:
    """What a column can be. `field` is one of services/fields.py, and `part` one of several in it; without a field, it
    is none of a profile. `names` is what columns of it are called, besides its own name, by people and by the exports
    of directories.
    """

    field: str | None
    part: str | None = None
    names: tuple[str, ...] = ()


def _enterprise(name: str, *names: str) -> Target:
    return Target(f"{ENTERPRISE_USER}:{name}", None, names)


def _product(name: str, *names: str) -> Target:
    return Target(f"{PRODUCT_USER}:{name}", None, names)


# By the name that a column has in the sample file and in the answers of the API.
TARGETS: Mapping[str, Target] = {
    "id": Target(None, None, ("scim id", "record id")),
    "user_name": Target(
        "userName", None, ("login", "login name", "username", "user principal name", "upn", "sign-in name", "user")
    ),
    "email": Target(
        "emails",
        None,
        ("e-mail", "mail", "email address", "e-mail address", "primary email", "work email", "business email"),
    ),
    "given_name": Target("name", "givenName", ("first name", "first", "forename", "name.givenName")),
    "middle_name": Target("name", "middleName", ("middle", "name.middleName")),
    "family_name": Target("name", "familyName", ("last name", "last", "surname", "name.familyName")),
    "formatted_name": Target("name", "formatted", ("name.formatted",)),
    "honorific_prefix": Target("name", "honorificPrefix", ("name prefix", "prefix", "name.honorificPrefix")),
    "honorific_suffix": Target("name", "honorificSuffix", ("name suffix", "suffix", "name.honorificSuffix")),
    "display_name": Target("displayName", None, ("name", "full name", "complete name")),
    "familiar_name": Target("nickName", None, ("called", "goes by")),
    "nickname": _product("nickname", "alias", "shown to customers"),
    "phone": Target(
        "phoneNumbers",
        "work",
        ("phone number", "telephone", "telephone number", "work phone", "office phone", "business phone", "tel"),
    ),
    "mobile": Target("phoneNumbers", "mobile", ("mobile phone", "mobile number", "cell", "cell phone", "cellphone")),
    "title": Target("title", None, ("job title", "position title", "employee title", "job")),
    "user_type": Target("userType", None, ("type", "employee type", "employment type")),
    "department": _enterprise("department", "dept", "department name"),
    "division": _enterprise("division", "business unit"),
    "organization": _enterprise("organization", "company", "company name"),
    "cost_center": _enterprise("costCenter", "cost centre"),
    "employee_number": _enterprise("employeeNumber", "employee id", "staff number", "personnel number"),
    "manager": _enterprise(
        "manager", "manager email", "manager e-mail", "manager user name", "reports to", "line manager"
    ),
    "language": Target("preferredLanguage", None, ("preferred language", "preferredLanguage")),
    "locale": Target("locale", None, ("region format",)),
    "time_zone": Target("timezone", None, ("timezone", "tz")),
    "profile_url": Target("profileUrl", None, ("profile", "profile page", "web page")),
    "street_address": Target("addresses", "streetAddress", ("street", "work address", "address")),
    "postal_code": Target("addresses", "postalCode", ("zip", "zip code", "postcode")),
    "city": Target("addresses", "locality", ("town", "locality")),
    "region": Target("addresses", "region", ("state", "province", "county", "state or province")),
    "country": Target("addresses", "country", ("country or region", "country code")),
    "availability": _product("availability"),
    "reception_capacity": _product("receptionCapacity", "capacity"),
    "role": Target(None, None, ("role name", "user role")),
    "teams": Target(None, None, ("team", "groups", "group", "team names")),
}


def map_columns(
    header: Sequence[str], said: Mapping[str, str | None], *, mode: ImportMode, match_by: MatchBy
) -> dict[str, str | None]:
    """What each column is, in the order of the file; None is one that is not taken. `said` is what a person says of
    some; of the others, it is what their names suggest.

    Raises InvalidValue, NotImportable.
    """
    explicit = _explicit(header, said)
    taken = {target for target in explicit.values() if target}
    targets: dict[str, str | None] = {}
    for name in header:
        guess = _BY_NAME.get(_plain(name))
        targets[name] = explicit.get(name, None if guess in taken else guess)
    _check_each_once(targets)
    _check_enough({target for target in targets.values() if target}, mode, match_by)
    return targets


def said_in(pairs: Iterable[str]) -> dict[str, str | None]:
    """What a person says of columns as COLUMN=FIELD, or COLUMN= of one that is not taken.

    Raises InvalidValue.
    """
    said: dict[str, str | None] = {}
    for pair in pairs:
        name, is_pair, target = pair.rpartition("=")
        if not is_pair:
            raise InvalidValue("columns", f"must be like COLUMN=FIELD, and not {pair}")
        said[name.strip()] = target.strip() or None
    return said


def values(targets: Mapping[str, str | None], cells: Sequence[str]) -> dict[str, str]:
    """What a row says, by what its columns are."""
    pairs = zip(targets.values(), cells, strict=True)
    return {target: cell for target, cell in pairs if target is not None}


def _explicit(header: Sequence[str], said: Mapping[str, str | None]) -> dict[str, str | None]:
    plain = {_plain(name): name for name in header}
    found: dict[str, str | None] = {}
    for column, target in said.items():
        name = column if column in header else plain.get(_plain(column))
        if name is None:
            raise InvalidValue("columns", f"names a column that the file does not have: {column}")
        if target is not None and target not in TARGETS:
            raise InvalidValue("columns", f"cannot be {target}; a column is one of {', '.join(TARGETS)}")
        found[name] = target
    return found


def _check_each_once(targets: Mapping[str, str | None]) -> None:
    columns: dict[str, str] = {}
    for name, target in targets.items():
        if target is None:
            continue
        if target in columns:
            raise InvalidValue(
                "columns", f"{columns[target]!r} and {name!r} are both {target}: say what each is, or leave one out"
            )
        columns[target] = name


def _check_enough(targets: set[str], mode: ImportMode, match_by: MatchBy) -> None:
    if not targets:
        raise NotImportable(
            "No column is known by its name: the first row must be the columns' names, such as email and given_name, "
            "or say what each column is"
        )
    if match_by.value not in targets and (match_by is MatchBy.EMAIL or mode is ImportMode.UPDATE):
        raise NotImportable(f"There is no column {match_by.value}, by which users are to be found: say which it is")
    if mode is not ImportMode.UPDATE and not targets & {"email", "user_name"}:
        raise NotImportable("There is neither a column email nor user_name, one of which newcomers need")


def _plain(name: str) -> str:
    """A name without what people write in one way or another: Google Workspace has `First Name [Required]`."""
    text = unicodedata.normalize("NFKD", name.partition("[")[0]).casefold()
    return "".join(each for each in text if each.isalnum())


_BY_NAME = {_plain(name): target for target, each in TARGETS.items() for name in (target, *each.names)}
