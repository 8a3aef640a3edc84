"""A few lines that write SVG: escaping, short numbers, and presentation attributes beside each class.

Browsers colour by class (static/css/chart.css, light and dark). PDF renderers know no style sheet, so the same shapes
carry the light theme's colours as attributes; a style sheet always wins over an attribute.
"""

from __future__ import annotations

from functools import cache
from html import escape

SANS = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"

INK: dict[str, dict[str, str]] = {
    "": {},
    "words": {"fill": "#4a5a64", "font-size": "11"},
    "ti": {"fill": "#16232b", "font-weight": "600"},
    "k": {"fill": "#16232b", "font-weight": "650"},
    "cv": {"fill": "#0b5f63", "font-weight": "650"},
    "dz": {"fill": "#7a3fa0", "font-weight": "600"},
    "bad": {"fill": "#b3121d", "font-weight": "650"},
    "ax": {"stroke": "#7c8b94", "stroke-width": "1"},
    "gr": {"stroke": "#e4eaec", "stroke-width": "1"},
    "now": {"stroke": "#16232b", "stroke-width": "1"},
    "l": {"fill": "none", "stroke": "#0b5f63", "stroke-width": "2.25", "stroke-linejoin": "round"},
    "old": {"stroke": "#7c97a0", "stroke-width": "1.25"},
    "fc": {"stroke-dasharray": "5 4"},
    "c2": {"stroke": "#5c6f7a", "stroke-width": "1.75"},
    "c3": {"stroke": "#a07c46", "stroke-width": "1.75"},
    "pt": {"fill": "#ffffff", "stroke": "#0b5f63", "stroke-width": "2"},
    "f": {"fill": "#0b5f63"},
    "fan": {"fill": "#0b5f63", "fill-opacity": "0.14"},
    "fan2": {"fill": "#0b5f63", "fill-opacity": "0.08"},
    "win": {"fill": "#f4ecf9"},
    "winl": {"stroke": "#7a3fa0", "stroke-width": "1", "stroke-dasharray": "3 3"},
    "dose": {"fill": "#7a3fa0"},
    "plan": {"fill": "#ffffff", "stroke": "#7a3fa0", "stroke-width": "1.5"},
    "dl": {"stroke": "#7a3fa0", "stroke-width": "1", "stroke-dasharray": "3 3"},
    "base": {"stroke": "#e4eaec"},
    "gap": {"stroke": "#7c8b94", "stroke-dasharray": "2 2"},
    "b0": {"fill": "#f2f8f5"},
    "b1": {"fill": "#f3f7f2"},
    "b2": {"fill": "#f8f6ee"},
    "b3": {"fill": "#faf3ec"},
    "b4": {"fill": "#faf0ee"},
    "halo": {},
}
FORBIDDEN = {code: None for code in range(32) if chr(code) not in "\t\n"}
MARKS = {"pt bad": {"fill": "#b3121d", "stroke": "#b3121d"}, "pt old": {"fill": "#7c97a0", "stroke": "none"}}


class Svg(str):
    """SVG text whose words are escaped already; templates take it as it is."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


def number(value: float) -> str:
    """At most one decimal, no trailing zero, never "-0": the same text on every machine."""
    text = f"{value:.1f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def clean(words: str) -> str:
    """Escaped for text and attributes, without the control characters that XML forbids."""
    return escape(words.translate(FORBIDDEN), quote=True)


def element(name: str, classes: str = "", words: str | None = None, **attributes: str | float) -> str:
    """One element with its class, the class's colours as attributes, and escaped words."""
    merged: dict[str, str | float] = {**_ink(classes)}
    merged |= {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()}
    spelled = "".join(
        f' {key}="{clean(value) if isinstance(value, str) else number(value)}"' for key, value in merged.items()
    )
    start = f'<{name} class="{clean(classes)}"{spelled}' if classes else f"<{name}{spelled}"
    return f"{start}/>" if words is None else f"{start}>{clean(words)}</{name}>"


@cache
def _ink(classes: str) -> dict[str, str]:
    """The colours of those classes together."""
    ink: dict[str, str] = {}
    for one in classes.split():
        ink |= INK.get(one, {})
    return ink | MARKS.get(classes, {})


def text(words: str, x: float, y: float, classes: str = "", anchor: str = "start") -> str:
    """Words at a place; nothing when there are none."""
    if not words:
        return ""
    ink = INK["words"] | {key: value for one in classes.split() for key, value in INK.get(one, {}).items()}
    ink.pop("stroke", None)
    ink.pop("stroke-width", None)
    placed = {"x": number(x), "y": number(y)} | ({"text-anchor": anchor} if anchor != "start" else {}) | ink
    spelled = "".join(f' {key}="{value}"' for key, value in placed.items())
    named = f' class="{clean(classes)}"' if classes else ""
    return f"<text{named}{spelled}>{clean(words)}</text>"


def line(places: list[tuple[float, float]], classes: str) -> str:
    """A line through places; nothing for fewer than two."""
    if len(places) < 2:
        return ""
    return element("polyline", classes, points=" ".join(f"{number(x)},{number(y)}" for x, y in places))


def area(upper: list[tuple[float, float]], lower: list[tuple[float, float]], classes: str) -> str:
    """The surface between two lines."""
    ring = upper + lower[::-1]
    return element("polygon", classes, points=" ".join(f"{number(x)},{number(y)}" for x, y in ring))


def triangle(x: float, top: float, half: float, height: float, classes: str = "dose") -> str:
    """The dose mark, its tip at (x, top)."""
    return element(
        "path", classes, d=f"M{number(x)} {number(top)}l{number(half)} {number(height)}h-{number(2 * half)}z"
    )


def drawing(parts: list[str], *, classes: str, width: float, height: float, title: str) -> Svg:
    """The whole picture: one image with one name; the numbers are in the table beside it."""
    box = f"0 0 {number(width)} {number(height)}"
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="{clean(classes)}" viewBox="{box}"'
        f' font-family="{clean(SANS)}" role="img" aria-label="{clean(title)}">'
    )
    return Svg(head + "".join(parts) + "</svg>")
