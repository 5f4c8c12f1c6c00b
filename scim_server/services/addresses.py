"""E-mail addresses, as somebody types them."""

from email_validator import EmailNotValidError, validate_email

from scim_server.services.errors import InvalidValue


def read_address(text: str, attribute: str = "email") -> str:
    """An address that mail can be sent to, in the one form that we keep.

    Whoever reads it shall see whose it is: letters that only look like others are refused before the @, and behind it
    they show as what the domain name system knows them by (xn--…, RFC 5891). So do names that are no threat, such as
    bücher.example.

    Raises InvalidValue.
    """
    try:
        # Whether the domain takes mail is found out by sending; a look-up here would tell others whom we ask about.
        # A network of one's own may well have a name that the rest of the world does not.
        found = validate_email(
            text.strip(),
            check_deliverability=False,
            allow_smtputf8=False,
            globally_deliverable=False,
            test_environment=True,  # the names in .test
            strict=True,
        )
    except EmailNotValidError as problem:
        raise InvalidValue(attribute, f"is no e-mail address: {str(problem).rstrip('.')}") from None
    assert found.ascii_email is not None  # there is one wherever what is before the @ is ASCII
    return found.ascii_email
