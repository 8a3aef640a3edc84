"""A clinic's colour: one hex value, and everything that follows from it in both themes. Pure.

Only a colour that can be read is taken (WCAG 2.2 AA, 1.4.3): 4.5 to 1 on every surface that carries it, in its own
shade for the dark theme, and as the ground of a button. Red stays for danger.
"""

import colorsys
import re

AA = 4.5
LIGHT_GROUNDS = ("#ffffff", "#f6f8f8", "#eef3f3")  # --surface, --bg, --surface-2 of static/css/tokens.css
DARK_GROUNDS = ("#182127", "#10171b", "#1f2a31")
INKS = ("#ffffff", "#06201f")  # of the words on a filled button
STEPS = 100  # of the way to white, until the dark shade can be read
SOFT_LIGHT, SOFT_DARK = 0.12, 0.16  # how much of the colour the quiet ground takes
RED_WITHIN, RED_FROM = 18 / 360, 0.35  # hue around red, saturation from which it reads as danger

#: The setting "logo": digest of the picture, its width and height, what it says.
LOGO = re.compile(r"([0-9a-f]{64}) ([1-9][0-9]{0,3})x([1-9][0-9]{0,3}) (\S.{0,119})")
_HEX = re.compile(r"#[0-9a-f]{6}")


def contrast(one: str, other: str) -> float:
    """WCAG contrast of two colours, 1 to 21."""
    high, low = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def is_colour(text: str) -> bool:
    """#rrggbb in small letters."""
    return _HEX.fullmatch(text) is not None


def worst_contrast(colour: str) -> float:
    """On the light surface on which it is read worst."""
    return min(contrast(colour, ground) for ground in (*LIGHT_GROUNDS, soft(colour, LIGHT_GROUNDS[0], SOFT_LIGHT)))


def looks_like_danger(colour: str) -> bool:
    """A red that would be taken for "act now"."""
    hue, _light, saturation = colorsys.rgb_to_hls(*_parts(colour))
    return saturation >= RED_FROM and min(hue, 1 - hue) <= RED_WITHIN


def dark_shade(colour: str) -> str:
    """The same colour, lightened until it can be read on the dark surfaces."""
    for step in range(STEPS + 1):
        shade = soft("#ffffff", colour, step / STEPS)
        grounds = (*DARK_GROUNDS, soft(shade, DARK_GROUNDS[0], SOFT_DARK))
        if min(contrast(shade, ground) for ground in grounds) >= AA:
            return shade
    raise ValueError(f"white itself cannot be read: {colour}")


def ink_on(colour: str) -> str:
    """Words on a button filled with it: whichever can be read better."""
    return max(INKS, key=lambda ink: contrast(ink, colour))


def soft(colour: str, ground: str, share: float) -> str:
    """The ground with a share (0 to 1) of the colour in it."""
    mixed = (over * share + under * (1 - share) for over, under in zip(_parts(colour), _parts(ground), strict=True))
    return "#" + "".join(f"{round(part * 255):02x}" for part in mixed)


def stylesheet(colour: str) -> str:
    """The tokens that a brand replaces (static/css/tokens.css)."""
    dark = dark_shade(colour)
    tokens = {
        "--brand": (colour, dark),
        "--on-brand": (ink_on(colour), ink_on(dark)),
        "--brand-soft": (soft(colour, LIGHT_GROUNDS[0], SOFT_LIGHT), soft(dark, DARK_GROUNDS[0], SOFT_DARK)),
    }
    lines = "".join(f"{name}:light-dark({light},{night});" for name, (light, night) in tokens.items())
    return f"@layer tokens{{:root{{{lines}}}}}\n"


def _parts(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    def linear(part: float) -> float:
        return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)

    red, green, blue = (linear(part) for part in _parts(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
