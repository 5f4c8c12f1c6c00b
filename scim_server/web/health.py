"""For whoever watches over the server: is it alive, and can it do its work?"""

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue

from scim_server.readiness import problems
from scim_server.web.state import state

bp = Blueprint("health", __name__)


@bp.get("/healthz")
def healthz() -> ResponseReturnValue:
    """The process answers; it asks nothing of anybody else."""
    return jsonify(status="ok")


@bp.get("/readyz")
def readyz() -> ResponseReturnValue:
    """The database answers, and its schema is the one that this version needs."""
    found = problems(state().database)
    if found:
        return jsonify(status="not ready", problems=found), 503
    return jsonify(status="ready")
