"""A signature drawn by finger, pen or mouse: strokes in a box of 600 by 300. Pure.

A stroke is a list of points [x, y], whole numbers from the upper left corner. Times and pressure are not taken: they would
say more about the hand than a signature on paper does.
"""

from __future__ import annotations

import json

WIDTH, HEIGHT = 600, 300
MOST_STROKES, MOST_POINTS = 80, 3000
FEWEST_POINTS, LEAST_EXTENT = 8, 40  # less is a slip of the finger
MOST_LETTERS = 40_000  # of the JSON text that holds it

Strokes = list[list[list[int]]]


class Unreadable(ValueError):
    """No signature: code is form, range, many or little."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def strokes_of(text: str) -> Strokes | None:
    """The strokes of what a form sends; None where nothing was drawn. Raises Unreadable."""
    if not text.strip():
        return None
    if len(text) > MOST_LETTERS:
        raise Unreadable("many")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("form") from None
    return checked(found) if found != [] else None


def checked(found: object) -> Strokes:
    """The same, when it is a signature in every point. Raises Unreadable."""
    if not isinstance(found, list) or not all(isinstance(stroke, list) and stroke for stroke in found):
        raise Unreadable("form")
    if len(found) > MOST_STROKES or sum(len(stroke) for stroke in found) > MOST_POINTS:
        raise Unreadable("many")
    points = [point for stroke in found for point in stroke]
    if not all(isinstance(point, list) and [type(one) for one in point] == [int, int] for point in points):
        raise Unreadable("form")
    if not all(0 <= x <= WIDTH and 0 <= y <= HEIGHT for x, y in points):
        raise Unreadable("range")
    extent = max((max(axis) - min(axis) for axis in zip(*points, strict=True)), default=0)
    if len(points) < FEWEST_POINTS or extent < LEAST_EXTENT:
        raise Unreadable("little")
    return found


def path_of(strokes: Strokes) -> str:
    """The `d` of an SVG path.

    >>> path_of([[[1, 2], [3, 4]], [[9, 9]]])
    'M1 2L3 4M9 9h0'
    """
    return "".join(_one(stroke) for stroke in strokes)


def _one(stroke: list[list[int]]) -> str:
    first, *others = (f"{x} {y}" for x, y in stroke)
    return f"M{first}" + ("".join(f"L{point}" for point in others) or "h0")
