"""GET /api/v1/me: who has signed in with this browser. Other people's scripts know it by this shape; it only grows."""

from flask.typing import ResponseReturnValue

from scim_server.services.me import about_me
from scim_server.web.api.blueprint import answer, bp
from scim_server.web.browser import signed_in_reading


@bp.get("/me")
def show_me() -> ResponseReturnValue:
    with signed_in_reading() as found:
        me = about_me(found)
    response = answer(
        {
            "user": {
                "id": str(me.user_id),
                "user_name": me.user_name,
                "email": me.email,
                "role": me.role,
                "teams": list(me.teams),
            },
            "organization": {"id": str(me.org_id), "slug": me.slug},
        }
    )
    response.headers["Vary"] = "Cookie"
    return response
