"""To whom mail goes: e-mail addresses of people whom others name, and addresses as mail servers take them."""

from email_validator import EmailNotValidError, ValidatedEmail, validate_email

from scim_server.services.errors import InvalidValue


def read_recipient(text: str, attribute: str = "email") -> str:
    """The address of somebody whom another person names, in the one form that we keep.

    Whoever reads it shall see whose it is: letters that only look like others are refused before the @, and behind it
    they show as what the domain name system knows them by (xn--…, RFC 5891). So do names that are no threat, such as
    bücher.example.

    Raises InvalidValue.
    """
    try:
        found = _read(text.strip(), allow_smtputf8=False)
    except EmailNotValidError as problem:
        raise InvalidValue(attribute, f"is no e-mail address: {str(problem).rstrip('.')}") from None
    assert found.ascii_email is not None  # there is one wherever what is before the @ is ASCII
    return found.ascii_email


def deliverable(address: str) -> str:
    """An address as mail servers take it: the domain as DNS knows it, and ASCII throughout where there is such a form.

    Raises InvalidValue.
    """
    try:
        found = _read(address, allow_smtputf8=True)
    except EmailNotValidError:
        raise InvalidValue("email", "is no e-mail address") from None
    return found.ascii_email or f"{found.local_part}@{found.ascii_domain}"


def _read(text: str, *, allow_smtputf8: bool) -> ValidatedEmail:
    # Whether the domain takes mail is found out by sending; a look-up here would tell others whom we ask about. A
    # network of one's own may well have a name that the rest of the world does not, such as one in .test.
    return validate_email(
        text,
        allow_smtputf8=allow_smtputf8,
        check_deliverability=False,
        globally_deliverable=False,
        test_environment=True,
        strict=True,
    )
