"""Pictures that people send: read whatever they claim to be, drawn anew so that nothing but the picture is kept."""

import io

from flask_babel import gettext as _
from PIL import Image, ImageOps

from app.core.errors import Refused

LARGEST_PICTURE, MOST_PIXELS = 8 * 2**20, 40_000_000
"""Bytes and pixels of a picture that is still read."""


def read_picture(content: bytes, field: str) -> Image.Image:
    """Return a JPEG, PNG or WebP, upright. Raises Refused for ``field`` when it is too large or no picture at all."""
    if len(content) > LARGEST_PICTURE:
        raise Refused(_("The picture is too large: at most 8 MB."), field)
    try:
        with Image.open(io.BytesIO(content), formats=("JPEG", "PNG", "WEBP")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise Refused(_("The picture is too large: at most 40 megapixels."), field)
            image.load()
            return ImageOps.exif_transpose(image)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise Refused(_("This is not a picture. Send a JPEG, PNG or WebP."), field) from None


def drawn(image: Image.Image, form: str, largest: tuple[int, int], **options: int) -> bytes:
    """Return a picture drawn anew, at most so large, without what a camera or a program wrote into it."""
    image.thumbnail(largest)
    # comments, places and profiles lie beside the pixels, and would be saved along
    image.info.clear()
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()
