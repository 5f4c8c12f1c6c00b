"""/api/v1: what the product's own pages and programs ask for, in JSON."""

from scim_server.web.api import me
from scim_server.web.api.blueprint import bp

__all__ = ["bp", "me"]
