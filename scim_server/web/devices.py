"""Devices in words: what a browser calls itself, as far as a person knows it by that."""

# The first that is found: most call themselves by the names of others too.
_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
)


def recognised(user_agent: str | None) -> tuple[str, str] | None:
    """The browser and the system, where both are known."""
    name = user_agent or ""
    browser = next((known for sign, known in _BROWSERS if sign in name), None)
    system = next((known for sign, known in _SYSTEMS if sign in name), None)
    return (browser, system) if browser and system else None
