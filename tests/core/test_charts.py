"""Charts are arithmetic: text in, text out. No database, no browser."""

import re
import xml.etree.ElementTree as ET
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from apps.core.charts import (
    Band,
    Curve,
    DayPoint,
    Dose,
    DoseLabels,
    Forecast,
    Point,
    Svg,
    TrendLabels,
    Window,
    after_dose,
    marker,
    sparkline,
    table,
    trend,
)
from apps.core.charts.frame import Frame, runs
from apps.core.charts.svg import clean, element, number, text

TODAY = datetime(2026, 11, 25, 13, 48, tzinfo=UTC)
PHQ9 = [Band(0, "minimal"), Band(5, "mild"), Band(10, "moderate"), Band(15, "mod. severe"), Band(20, "severe")]
NASTY = '<script>alert("1")</script>&\''
NS = "{http://www.w3.org/2000/svg}"


def ago(days: float) -> datetime:
    return TODAY - timedelta(days=days)


def weekly(*values: float) -> list[Point]:
    """One answer a week, the last one today."""
    return [Point(ago(7 * back), value) for back, value in zip(range(len(values) - 1, -1, -1), values, strict=True)]


def labels(**words: str) -> TrendLabels:
    return TrendLabels(**{"title": "PHQ-9", "day": lambda at: f"{at.day} {at:%b}"} | words)  # type: ignore[arg-type]


def draw(points: list[Point], doses: list[Dose] | None = None, **kwargs: object) -> Svg:
    settings: dict[str, object] = {"y_max": 27, "width": 640, "height": 240, "gap_days": 14, "labels": labels()}
    bands = kwargs.pop("bands", PHQ9)
    return trend(points, doses or [], bands, TODAY, **(settings | kwargs))  # type: ignore[arg-type]


def overlay(curves: list[Curve], **kwargs: object) -> Svg:
    settings: dict[str, object] = {
        "today": 5,
        "bands": PHQ9,
        "y_max": 27,
        "width": 640,
        "height": 240,
        "gap_days": 7,
        "labels": DoseLabels("After each dose", lambda day: f"D+{day}", today="today"),
    }
    return after_dose(curves, **(settings | kwargs))  # type: ignore[arg-type]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314  (our own text)


def of_class(svg: str, name: str) -> list[ET.Element]:
    return [node for node in parsed(svg).iter() if name in node.get("class", "").split()]


def words(svg: str) -> list[str]:
    return [node.text or "" for node in parsed(svg).iter(f"{NS}text")]


def test_a_trend_is_one_named_image() -> None:
    root = parsed(draw(weekly(19, 12, 8)))
    assert root.get("role") == "img"
    assert root.get("aria-label") == "PHQ-9"
    assert root.get("viewBox") == "0 0 640 240"


def test_answers_on_schedule_are_joined_by_one_line() -> None:
    lines = [node for node in of_class(draw(weekly(19, 12, 8)), "l") if node.tag == f"{NS}polyline"]
    assert len(lines) == 1
    assert len(lines[0].get("points", "").split()) == 3


def test_the_line_is_broken_where_more_than_twice_the_schedule_is_missing() -> None:
    points = [Point(ago(70), 19), Point(ago(63), 15), Point(ago(14), 9), Point(ago(7), 8)]
    lines = of_class(draw(points), "l")
    assert [len(node.get("points", "").split()) for node in lines] == [2, 2]


def test_exactly_twice_the_schedule_is_still_joined() -> None:
    assert len(of_class(draw([Point(ago(14), 9), Point(ago(0), 8)]), "l")) == 1


def test_a_wide_gap_carries_its_word_and_a_narrow_one_does_not() -> None:
    wide = [Point(ago(100), 19), Point(ago(2), 9), Point(ago(1), 9)]
    assert "no answers" in words(draw(wide, labels=labels(gap="no answers")))
    narrow = [Point(ago(1000), 19), Point(ago(20), 9), Point(ago(1), 9)]
    assert words(draw(narrow, labels=labels(gap="no answers"))).count("no answers") == 1


def test_no_answers_at_all_still_draw_bands_axis_and_today() -> None:
    svg = draw([], labels=labels(today="today"))
    assert not of_class(svg, "pt")
    assert not of_class(svg, "l")
    assert len(of_class(svg, "now")) == 1
    assert {"minimal", "severe", "today"} <= set(words(svg))


def test_one_answer_is_a_mark_without_a_line_and_its_value_is_written_once() -> None:
    svg = draw([Point(TODAY, 8)])
    assert len(of_class(svg, "pt")) == 1
    assert not of_class(svg, "l")
    assert words(svg).count("8") == 1


def test_first_and_last_score_are_written() -> None:
    shown = words(draw(weekly(19, 12, 8)))
    assert "19" in shown
    assert "8" in shown
    assert "22 at baseline" in words(draw(weekly(22, 8), labels=labels(first="22 at baseline")))


@pytest.mark.parametrize("values", [(1, 2, 1), (20, 27, 22)])
def test_the_y_axis_is_fixed_whatever_the_scores(values: tuple[float, ...]) -> None:
    levels = [word for word in words(draw(weekly(*values))) if word in {"0", "5", "10", "15", "20", "27"}]
    assert {"0", "5", "10", "15", "20", "27"} <= set(levels)


def test_the_same_score_stands_at_the_same_height_in_every_chart() -> None:
    high = of_class(draw(weekly(10, 27)), "pt")[0].get("cy")
    low = of_class(draw(weekly(10, 0)), "pt")[0].get("cy")
    assert high == low


@pytest.mark.parametrize("value", [-1, 28])
def test_a_score_outside_the_axis_is_refused(value: float) -> None:
    with pytest.raises(ValueError, match="outside the axis"):
        draw([Point(TODAY, value)])


def test_every_band_has_a_tint_and_a_word() -> None:
    svg = draw(weekly(8, 9))
    assert [len(of_class(svg, f"b{tint}")) for tint in range(5)] == [1, 1, 1, 1, 1]
    assert [word for word in words(svg) if word in {band.name for band in PHQ9}] == [band.name for band in PHQ9]


def test_bands_touch_and_fill_the_axis() -> None:
    rects = [of_class(draw(weekly(8, 9)), f"b{tint}")[0] for tint in range(5)]
    tops = [float(rect.get("y", "")) for rect in rects]
    heights = [float(rect.get("height", "")) for rect in rects]
    assert tops == sorted(tops, reverse=True)
    assert sum(heights) == pytest.approx(240 - 20 - 16, abs=0.3)


def test_a_patient_sees_the_word_of_the_own_band_stressed() -> None:
    svg = draw(weekly(19, 8), variant="patient", axes=False)
    assert [node.text for node in of_class(svg, "k")] == ["mild", "19"]
    assert "ch-soft" in parsed(svg).get("class", "")


def test_a_dose_is_a_triangle_and_a_dashed_line_with_its_number() -> None:
    svg = draw(weekly(19, 8), [Dose(ago(7), "4")])
    assert len(of_class(svg, "dose")) == 1
    assert len(of_class(svg, "dl")) == 1
    assert [node.text for node in of_class(svg, "dz")] == ["4"]
    assert of_class(svg, "dl")[0].get("stroke-dasharray")


def test_dose_numbers_that_would_lie_on_each_other_are_left_out_but_their_marks_stay() -> None:
    doses = [Dose(ago(200), "1"), Dose(ago(199.5), "2"), Dose(ago(100), "3")]
    svg = draw(weekly(19, 8), doses)
    assert [node.text for node in of_class(svg, "dz")] == ["1", "3"]
    assert len(of_class(svg, "dose")) == 3


def test_a_planned_dose_is_an_open_triangle() -> None:
    svg = draw(weekly(19, 8), [Dose(TODAY + timedelta(days=6), planned=True)], variant="patient")
    assert len(of_class(svg, "plan")) == 1


def test_a_flagged_answer_is_marked_and_its_figure_too() -> None:
    svg = draw([Point(ago(7), 9), Point(TODAY, 18, flagged=True)])
    assert [node.tag for node in of_class(svg, "bad")] == [f"{NS}circle", f"{NS}text"]


def test_points_carry_their_sentence_for_arrow_keys() -> None:
    svg = draw([Point(ago(7), 9, "18 Nov: 9, mild"), Point(TODAY, 8)])
    assert re.findall(r'data-say="([^"]*)"', svg) == ["18 Nov: 9, mild"]


def future() -> list[Forecast]:
    return [Forecast(TODAY + timedelta(days=days), 10, 9, 11, 7, 13) for days in (7, 14)]


def test_a_forecast_is_dashed_named_and_carries_both_ranges() -> None:
    svg = draw(weekly(19, 8), forecast=future(), labels=labels(forecast="forecast, no further session"))
    assert len(of_class(svg, "fan")) == 1
    assert len(of_class(svg, "fan2")) == 1
    (dashed,) = of_class(svg, "fc")
    assert dashed.get("stroke-dasharray")
    assert "forecast, no further session" in words(svg)


def test_the_wider_range_of_a_forecast_lies_round_the_narrower_one() -> None:
    svg = draw(weekly(19, 8), forecast=future(), labels=labels(forecast="forecast"))

    def spread(name: str) -> tuple[float, float]:
        heights = [float(place.split(",")[1]) for place in of_class(svg, name)[0].get("points", "").split()]
        return min(heights), max(heights)

    (top80, low80), (top50, low50) = spread("fan2"), spread("fan")
    assert top80 < top50
    assert low80 >= low50
    assert len(set(of_class(svg, "fan2")[0].get("points", "").split())) == 5


def test_both_edges_of_both_ranges_are_drawn_where_they_are() -> None:
    step = Forecast(TODAY + timedelta(days=7), 10, 9, 11, 7, 13)
    svg = draw([Point(ago(7), 19), Point(TODAY, 8)], forecast=[step], labels=labels(forecast="forecast"))
    scale = (240 - 20 - 16) / 27
    for name, high, low in (("fan2", 13, 7), ("fan", 11, 9)):
        places = of_class(svg, name)[0].get("points", "").split()
        heights = [float(place.split(",")[1]) for place in places]
        assert heights[1] == pytest.approx(220 - high * scale, abs=0.06)
        assert heights[2] == pytest.approx(220 - low * scale, abs=0.06)


def test_a_forecast_starts_where_the_answers_end() -> None:
    svg = draw(weekly(19, 8), forecast=future(), labels=labels(forecast="forecast"))
    (dashed,) = of_class(svg, "fc")
    last = of_class(svg, "pt")[-1]
    assert dashed.get("points", "").split()[0] == f"{last.get('cx')},{last.get('cy')}"


def test_a_forecast_without_its_name_is_refused() -> None:
    with pytest.raises(ValueError, match="named"):
        draw(weekly(19, 8), forecast=future())
    with pytest.raises(ValueError, match="named"):
        overlay([], forecast=[Forecast(7, 10, 9, 11, 7, 13)])


def test_a_forecast_without_any_answer_draws_nothing() -> None:
    assert not of_class(draw([], forecast=future(), labels=labels(forecast="forecast")), "fc")


def test_every_word_from_outside_is_escaped() -> None:
    svg = draw(
        [Point(ago(60), 9, NASTY), Point(TODAY, 8)],
        [Dose(ago(50), NASTY)],
        bands=[Band(0, NASTY)],
        labels=TrendLabels(NASTY, lambda _: NASTY, NASTY, NASTY, NASTY, NASTY),
        forecast=future(),
        extra_class='x" onload="1',
    )
    assert "<script" not in svg
    assert 'onload="' not in svg
    assert parsed(svg).get("aria-label") == NASTY
    assert NASTY in words(svg)


def test_an_overlay_escapes_its_words_too() -> None:
    marks = DoseLabels(NASTY, lambda _: NASTY, NASTY, NASTY, NASTY, NASTY, NASTY, NASTY)
    curves = [Curve(NASTY, [DayPoint(1, 5, NASTY)]), Curve(NASTY, [DayPoint(1, 5, NASTY)], current=True)]
    for variant in ("clinician", "patient"):
        svg = overlay(curves, labels=marks, variant=variant, window=Window(11, 14, NASTY, NASTY))
        assert "<script" not in svg
        assert NASTY in words(svg)


def test_control_characters_cannot_break_the_xml() -> None:
    assert clean("a\x00b\x1bc\nd") == "abc\nd"
    assert parsed(draw(weekly(8, 9), labels=labels(title="a\x00\x0bb"))).get("aria-label") == "ab"


def test_the_same_input_gives_the_same_text_in_any_order() -> None:
    points = weekly(19, 15, 12, 8)
    doses = [Dose(ago(20), "1"), Dose(ago(3), "2")]
    assert draw(points, doses) == draw(points[::-1], doses[::-1])
    assert draw(points, doses, bands=PHQ9[::-1]) == draw(points, doses)


def test_no_inline_style_and_every_shape_has_an_ink_for_paper() -> None:
    svg = str(draw(weekly(19, 8), [Dose(ago(3), "1")], forecast=future(), labels=labels(forecast="f", today="t")))
    svg += overlay([Curve("1", [DayPoint(0, 9), DayPoint(1, 5)], current=True)])
    assert "style=" not in svg
    for shape in re.findall(r"<(?:rect|circle|path|polyline|polygon)[^>]*>", svg):
        assert "fill=" in shape or "stroke=" in shape, shape


def test_every_class_of_a_chart_is_known_to_the_style_sheet() -> None:
    sheet = (Path(__file__).parents[2] / "static/css/chart.css").read_text()
    svg = str(draw(weekly(19, 8), [Dose(ago(3), "1")], forecast=future(), labels=labels(forecast="f", gap="g")))
    curve = Curve("1", [DayPoint(0, 9), DayPoint(1, 5)])
    svg += overlay([curve, curve, curve], variant="patient") + overlay([curve], window=Window(11, 14, "w"))
    used = {name for classes in re.findall(r'class="([^"]*)"', svg) for name in classes.split()}
    assert {name for name in used if f".{name}" not in sheet} == set()


def test_a_template_takes_a_chart_as_it_is() -> None:
    svg = draw(weekly(8, 9))
    assert svg.__html__() == str(svg)


def test_numbers_are_short_and_never_minus_zero() -> None:
    assert [number(value) for value in (1.0, 1.25, -0.01, 10, 0.06)] == ["1", "1.2", "0", "10", "0.1"]
    assert element("path", d="M0 0") == '<path d="M0 0"/>'
    assert text("", 1, 2) == ""


def test_a_frame_without_a_span_puts_everything_at_its_start() -> None:
    assert Frame(10, 20, 0, 10, 5, 5, 27).x(5) == 10


def test_runs_are_split_only_at_gaps() -> None:
    assert runs([9, 1, 2, 4], float, 2) == [[1, 2, 4], [9]]
    assert runs([], float, 2) == []


def three_curves() -> list[Curve]:
    old = [Curve(name, [DayPoint(0, 12), DayPoint(1, 7), DayPoint(14, 11)]) for name in ("6", "7")]
    return [*old, Curve("8", [DayPoint(0, 12), DayPoint(1, 10), DayPoint(5, 18, flagged=True)], current=True)]


def test_an_overlay_draws_older_curves_thin_and_the_running_one_strong() -> None:
    svg = overlay(three_curves(), gap_days=14)
    strong = [node for node in of_class(svg, "l") if "old" not in node.get("class", "")]
    assert len(of_class(svg, "old")) == 2 + 6
    assert len(strong) == 1
    assert [node.text for node in of_class(svg, "bad") if node.tag == f"{NS}text"] == ["18"]


def test_names_at_the_ends_of_two_equal_curves_do_not_lie_on_each_other() -> None:
    placed = [float(node.get("y", "")) for node in parsed(overlay(three_curves())).iter() if node.text in {"6", "7"}]
    assert abs(placed[0] - placed[1]) >= 13


def test_an_overlay_leaves_out_what_is_later_than_its_days() -> None:
    curve = Curve("1", [DayPoint(0, 9), DayPoint(20, 5), DayPoint(-1, 5)])
    assert len(of_class(overlay([curve]), "pt")) == 1
    assert len(of_class(overlay([curve], days=28), "pt")) == 2


def test_a_gap_breaks_the_curve_of_an_overlay() -> None:
    curve = Curve("1", [DayPoint(0, 9), DayPoint(1, 5), DayPoint(10, 5), DayPoint(11, 6)], current=True)
    assert len(of_class(overlay([curve], gap_days=2), "l")) == 2


def test_an_overlay_shows_today_only_within_its_days() -> None:
    assert len(of_class(overlay([], today=5), "now")) == 1
    assert not of_class(overlay([], today=15), "now")
    assert not of_class(overlay([], today=None), "now")


def test_a_person_tells_the_series_apart_by_marker() -> None:
    svg = overlay(three_curves(), variant="patient", bands=[], y_max=100, gap_days=14)
    tags = {node.tag.removeprefix(NS) for node in of_class(svg, "pt")}
    assert tags == {"circle", "rect", "path"}
    assert not any(of_class(svg, f"b{tint}") for tint in range(5))


def test_a_person_sees_at_most_the_last_three_series() -> None:
    svg = overlay([*three_curves(), *three_curves()], variant="patient", bands=[], y_max=100, gap_days=14)
    assert len(of_class(svg, "l")) == 3
    assert [parsed(marker(rank)).get("aria-hidden") for rank in range(3)] == ["true", "true", "true"]


def test_a_window_is_shaded_with_its_words_and_cut_at_the_edge() -> None:
    svg = overlay([], window=Window(11, 20, "maintenance window"))
    (shade,) = of_class(svg, "win")
    assert float(shade.get("x", "0")) + float(shade.get("width", "0")) <= 640
    assert "maintenance window" in words(svg)


def test_an_overlay_forecast_hangs_on_the_running_curve_and_stays_within_the_days() -> None:
    steps = [Forecast(day, 10, 9, 11, 7, 13) for day in (7, 14, 21)]
    marks = DoseLabels("t", str, forecast="forecast")
    (dashed,) = of_class(overlay(three_curves(), forecast=steps, labels=marks), "fc")
    assert len(dashed.get("points", "").split()) == 1 + 2


def spark(points: list[Point], doses: list[Dose] | None = None) -> Svg:
    return sparkline(points, doses or [], start=ago(14), end=TODAY, y_max=27, gap_days=4, title="PHQ-9, 14 days: 9, 18")


def test_a_sparkline_shows_only_its_own_days() -> None:
    svg = spark([Point(ago(20), 3), Point(ago(3), 9), Point(TODAY, 18)], [Dose(ago(15)), Dose(ago(5))])
    assert len(of_class(svg, "l")[0].get("points", "").split()) == 2
    assert len(of_class(svg, "dose")) == 1
    assert parsed(svg).get("aria-label") == "PHQ-9, 14 days: 9, 18"


def test_a_sparkline_of_somebody_silent_ends_dotted() -> None:
    assert len(of_class(spark([Point(ago(9), 9), Point(ago(5), 11)]), "gap")) == 1
    assert not of_class(spark([Point(ago(5), 9), Point(ago(3), 11)]), "gap")


def test_two_weekly_answers_in_a_sparkline_read_as_two_and_the_line_comes_in_from_before() -> None:
    points = [Point(ago(16), 10), Point(ago(13), 16), Point(ago(10), 13)]
    svg = spark(points)
    assert len(of_class(svg, "pt")) == 2
    assert len(of_class(svg, "l")[0].get("points", "").split()) == 3
    assert len(of_class(spark([Point(ago(20), 10), *points[1:]]), "l")[0].get("points", "").split()) == 2


def test_a_lonely_answer_in_a_sparkline_is_a_dot() -> None:
    svg = spark([Point(ago(12), 9), Point(TODAY, 11)])
    assert not of_class(svg, "l")
    assert len(of_class(svg, "pt")) == 2


def test_a_sparkline_without_answers_is_a_base_line() -> None:
    svg = spark([])
    assert not of_class(svg, "pt")
    assert len(of_class(svg, "base")) == 1


def test_the_table_has_scores_with_their_band_and_doses_newest_first() -> None:
    rows = table(weekly(19, 8), [Dose(ago(3), "Session 10, IV 0.5 mg/kg")], PHQ9)
    assert [row.kind for row in rows] == ["score", "dose", "score"]
    assert [(row.value, row.band, row.tint) for row in rows] == [
        (8, "mild", 1),
        (None, "", None),
        (19, "mod. severe", 3),
    ]
    assert rows[1].label == "Session 10, IV 0.5 mg/kg"


def test_the_table_names_the_gap_that_the_line_shows() -> None:
    points = [Point(ago(70), 19), Point(ago(14), 9), Point(ago(7), 8)]
    rows = table(points, gap_days=14)
    assert [row.kind for row in rows] == ["score", "score", "gap", "score"]
    assert (rows[2].at, rows[2].until) == (ago(70), ago(14))


def test_the_table_of_nothing_is_empty_and_a_scale_without_bands_has_no_band() -> None:
    assert table([]) == []
    (row,) = table([Point(TODAY, 62)])
    assert (row.band, row.tint) == ("", None)


def test_the_word_today_moves_away_from_the_number_of_a_dose() -> None:
    def height_of_today(dose: Dose) -> float:
        svg = draw([Point(ago(20), 9), Point(ago(3), 9)], [dose], labels=labels(today="today"))
        return float(next(node.get("y", "0") for node in of_class(svg, "ti") if node.text == "today"))

    assert height_of_today(Dose(ago(1), "10")) > height_of_today(Dose(ago(15), "9"))
