"""What Django is told, and no more than answering SCIM needs."""

import os
from urllib.parse import parse_qsl, urlsplit

_url = urlsplit(os.environ["PEER_DATABASE"])

SECRET_KEY = os.environ["PEER_TOKEN"]
ALLOWED_HOSTS = ["*"]
USE_TZ = True
INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth", "django_scim", "people"]
AUTH_USER_MODEL = "people.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIDDLEWARE = ["people.authentication.bearer_token"]
ROOT_URLCONF = "urls"
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": _url.path.removeprefix("/"),
        "USER": _url.username or "",
        "PASSWORD": _url.password or "",
        "HOST": dict(parse_qsl(_url.query)).get("host", _url.hostname or ""),
        "PORT": _url.port or "",
        "CONN_MAX_AGE": None,  # as long as the thread
        "OPTIONS": {"server_side_binding": True, "prepare_threshold": 5},  # prepared statements: look-ups gain by them
    }
}
LOGGING_CONFIG = None

SCIM_SERVICE_PROVIDER = {
    "SCHEME": "http",
    "NETLOC": "localhost",
    "AUTHENTICATION_SCHEMES": [{"type": "oauth2", "name": "OAuth 2", "description": "a bearer token"}],
    "GROUP_MODEL": "people.models.Group",
    "GROUP_ADAPTER": "people.adapters.GroupWithMembers",
    "USER_FILTER_PARSER": "people.filters.UserFilters",
}
