"""Charts as SVG text, drawn on the server: for the screen in light and dark, for paper and for PDF.

Pure Python: no Django, no clock, no translation. The caller passes moments, scores and words already translated, and
gets the same text for the same input. The result escapes every word and may be put into a template as it is.
"""

from apps.core.charts.figures import Band, Curve, DayPoint, Dose, DoseLabels, Forecast, Point, TrendLabels, Window
from apps.core.charts.overlay import after_dose, marker
from apps.core.charts.spark import sparkline
from apps.core.charts.svg import Svg
from apps.core.charts.tabulate import Row, table
from apps.core.charts.trend import trend

__all__ = [
    "Band",
    "Curve",
    "DayPoint",
    "Dose",
    "DoseLabels",
    "Forecast",
    "Point",
    "Row",
    "Svg",
    "TrendLabels",
    "Window",
    "after_dose",
    "marker",
    "sparkline",
    "table",
    "trend",
]
