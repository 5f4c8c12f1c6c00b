"""What a refusal looks like, whoever is refused and whatever for."""

from tests.clients import Reply, assert_error


def refused(reply: Reply, status: int, scim_type: str | None = None) -> None:
    """The reply is a SCIM Error, has nothing else in it, and tells nothing of the inside."""
    assert_error(reply, status, scim_type)
    assert reply.json.keys() <= {"schemas", "status", "detail", "scimType"}
    for trace in ("Traceback", 'File "', "<html", "sqlalchemy", "psycopg"):
        assert trace not in reply["detail"]
