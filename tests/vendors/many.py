"""Many resources at once, for the tests that need them to be there."""

from typing import Any

from tests.clients import Directory

BULK_REQUEST = "urn:ietf:params:scim:api:messages:2.0:BulkRequest"


def create_many(directory: Directory, path: str, bodies: list[dict[str, Any]]) -> list[str]:
    """Create resources below a path; their ids, in order."""
    operations = [
        {"method": "POST", "path": path, "bulkId": f"number{number}", "data": body}
        for number, body in enumerate(bodies)
    ]
    reply = directory.post("/Bulk", {"schemas": [BULK_REQUEST], "Operations": operations})
    assert [each["status"] for each in reply["Operations"]] == ["201"] * len(bodies)
    return [each["location"].rpartition("/")[2] for each in reply["Operations"]]
