"""A clinic's logo: decoded and written anew, small enough for a phone's first page. Pure.

Nothing but the pixels survives: no place, no comment, no second file behind the first. A drawing with scripts in it
(SVG) is not taken.
"""

import hashlib
import struct
import zlib
from dataclasses import dataclass
from io import BytesIO

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from PIL import Image, ImageOps

UPLOAD_BYTES = 1_048_576
KEPT_BYTES = 12 * 1024  # the check-in page is at most 40 KB, cold
MOST_PIXELS = 16_000_000  # asked of the head, before a pixel is unpacked
HEIGHT, WIDEST, SMALLEST = 80, 480, 24  # px: of 40 px on the screen, twice for a sharp one
FORMATS = ("PNG", "JPEG", "WEBP")
COLOURS = (128, 64, 32)  # the fewer, the smaller
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


@dataclass(frozen=True, slots=True)
class Logo:
    """A PNG, named by its own content."""

    content: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        """Its address."""
        return hashlib.sha256(self.content).hexdigest()


def logo(data: bytes) -> Logo:
    """The picture in a PNG, JPEG or WebP as a small PNG. Raises ValidationError with words for the administrator."""
    if len(data) > UPLOAD_BYTES:
        raise ValidationError(_("The picture is larger than 1 MB. Take a smaller one."))
    try:
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MOST_PIXELS:
                raise ValidationError(_("The picture has too many pixels. Take a smaller one."))
            image.load()
            return _written_anew(image)
    except BROKEN as error:
        raise ValidationError(_("This is no PNG, JPEG or WebP picture that can be read.")) from error


def _written_anew(image: Image.Image) -> Logo:
    upright = ImageOps.exif_transpose(image).convert("RGBA")
    if min(upright.size) < SMALLEST:
        raise ValidationError(_("The picture is too small to be read: at least 24 pixels each way."))
    upright.thumbnail((WIDEST, HEIGHT), Image.Resampling.LANCZOS)
    clean = Image.new("RGBA", upright.size)
    clean.paste(upright)
    for picture in (clean, *(clean.quantize(colours) for colours in COLOURS)):
        out = BytesIO()
        picture.save(out, "PNG", optimize=True)
        if out.tell() <= KEPT_BYTES:
            return Logo(out.getvalue(), clean.width, clean.height)
    raise ValidationError(_("The picture has too much detail for a logo. Take a plainer one."))
