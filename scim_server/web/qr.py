"""QR codes, as pictures that stand in the page itself."""

import segno


def svg(text: str) -> str:
    """An address of a picture (data:), black on white whatever the page's colours are, as readers of codes need it."""
    return str(segno.make(text, error="m", micro=False).svg_data_uri(scale=4, border=4, dark="#000", light="#fff"))
