"""Photos: decoded and written anew, so that nothing but the picture itself is kept. Pure.

No place, device, time, colour profile or hidden second file survives, and nothing that only a decoder at the other end
would trip over.
"""

import struct
import threading
import zlib
from dataclasses import dataclass
from io import BytesIO

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from apps.messaging.refusal import MessageRefused

MOST_PIXELS = 40_000_000  # of what is sent; asked of its head, before a single pixel is unpacked
SIDE = 2560  # of what is kept, at most
QUALITY = 85
BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    OverflowError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)

#: A large picture unpacked is 160 MB: no more of them at once than a small server holds.
AT_ONCE = threading.BoundedSemaphore(2)

Image.MAX_IMAGE_PIXELS = None  # asked below, for refusal in words; opening reads the head alone


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG and its size in pixels."""

    content: bytes
    width: int
    height: int


def photo(data: bytes) -> Photo:
    """A JPEG of the picture in a JPEG or PNG, upright. Raises MessageRefused (too-large-picture, broken-file)."""
    try:
        with Image.open(BytesIO(data), formats=("JPEG", "PNG")) as image:
            if image.width * image.height > MOST_PIXELS:
                raise MessageRefused("too-large-picture", _("The photo is too large. Please send a smaller one."))
            with AT_ONCE:
                return _written_anew(image)
    except BROKEN as error:
        raise MessageRefused("broken-file", _("This photo cannot be read. Please send another one.")) from error


def _written_anew(image: Image.Image) -> Photo:
    image.draft("RGB", (SIDE, SIDE))  # a JPEG is unpacked small at once
    image.load()
    image.thumbnail((SIDE, SIDE))  # first: everything after it copies only the small picture
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    clean = Image.new("RGB", upright.size, "white")
    clean.paste(upright, mask=upright.getchannel("A"))
    out = BytesIO()
    clean.save(out, "JPEG", quality=QUALITY)
    return Photo(out.getvalue(), clean.width, clean.height)
