"""Plots: coordinates computed by hand on tiny examples, and drawings of unusual numbers."""

from __future__ import annotations

import math
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval import metrics
from eval.report import plots
from eval.report.plots import Bin, Histogram
from eval.report.svg import Scale


def parts(svg: str, tag: str, name: str) -> list[dict[str, str]]:
    """The attributes of a drawing's elements with a tag and a class; fails if the SVG is not well-formed."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return [dict(found.attrib) for found in root.iter(tag) if found.get("class") == name]


def words(svg: str) -> list[str]:
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
    return [found.text or "" for found in root.iter("text")]


def test_a_scale_maps_ends_to_ends_and_may_run_downwards() -> None:
    scale = Scale((10, 20), (200, 100))
    assert [scale(10), scale(15), scale(20)] == [200, 150, 100]


def test_bins_hold_count_mean_confidence_and_share_right() -> None:
    # 0.125 and 0.1875 have a mean of 0.15625; 1 belongs to the last bin, which ends with it.
    assert plots.bins([0.0625, 0.125, 0.1875, 1.0], [False, True, False, True]) == [
        Bin(0.0, 0.1, 1, 0.0625, 0.0),
        Bin(0.1, 0.2, 2, 0.15625, 0.5),
        Bin(0.9, 1.0, 1, 1.0, 1.0),
    ]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60))
def test_bins_are_those_of_the_calibration_error(pairs: list[tuple[float, bool]]) -> None:
    confidences, right = [one for one, _ in pairs], [one for _, one in pairs]
    found = plots.bins(confidences, right)
    error = sum(one.count * abs(one.confidence - one.right) for one in found) / len(pairs)
    assert error == pytest.approx(metrics.expected_calibration_error(confidences, right))


def test_a_histogram_has_round_bins_without_the_outliers() -> None:
    # p99 of 1, 2, …, 100, 10000 is 100; a sixteenth of 99 is 6.2, rounded up to 10.
    found = plots.histogram([*map(float, range(1, 101)), 10_000.0])
    assert found == Histogram(0, 10, (9, *[10] * 9, 1), 1)
    assert found.end == 110


@pytest.mark.parametrize("value", [0.0, 0.004, 200.0, 1e7])
def test_equal_values_are_one_bin(value: float) -> None:
    found = plots.histogram([value] * 5)
    assert found.counts == (5,)
    assert found.start <= value + 1e-9 < found.end
    assert found.over == 0
    plots.latency(found, [("p50", value)])


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80))
def test_a_histogram_counts_every_value(values: list[float]) -> None:
    found = plots.histogram(values)
    assert sum(found.counts) + found.over == len(values)
    assert found.end >= np.quantile(values, 0.99)
    assert len(found.counts) <= 20


def test_the_risk_curve_and_the_threshold_are_drawn_at_their_values() -> None:
    # Coverage 1/2 is halfway from 44 to 386; a risk of 0.5 is at the top of the scale, 0 at the bottom.
    svg = plots.risk_coverage([0.0, 0.5], [0.0, 0.5], (0.5, 0.0))
    assert [one["points"] for one in parts(svg, "polyline", "curve")] == ["215,238 386,30"]
    assert [(one["cx"], one["cy"]) for one in parts(svg, "circle", "operating")] == [("215", "238")]
    assert "at the threshold" in words(svg)
    assert "0.500 of the questions are answered, and 0.000 of those answers are wrong" in svg


def test_nothing_answered_has_no_operating_point() -> None:
    svg = plots.risk_coverage([1.0], [1.0], None)
    assert parts(svg, "circle", "operating") == []
    assert "at the threshold" not in words(svg)


def test_a_long_curve_is_thinned_and_keeps_its_ends() -> None:
    risks = [place / 9_999 for place in range(10_000)]
    points = parts(plots.risk_coverage(risks, risks, None), "polyline", "curve")[0]["points"].split()
    assert len(points) == 400
    assert (points[0], points[-1]) == ("44,238", "386,30")


def test_reliability_draws_a_point_and_a_bar_for_each_bin() -> None:
    svg = plots.reliability([Bin(0.0, 0.1, 1, 0.05, 0.0), Bin(0.5, 0.6, 3, 0.5, 1.0)])
    # Points: x from 44 to 386, y from 194 (none right) to 30 (all). Bars: 34 high for three questions.
    assert [(one["cx"], one["cy"]) for one in parts(svg, "circle", "point")] == [
        ("61.1", "194"),
        ("215", "30"),
    ]
    assert [(one["y"], one["height"]) for one in parts(svg, "rect", "bar")] == [
        ("226.7", "11.3"),
        ("204", "34"),
    ]
    # (1 * 0.05 + 3 * 0.5) / 4 against (0 + 3) / 4.
    assert "mean confidence, 0.388, is below the share right, 0.750" in svg


def test_recall_has_a_point_and_an_interval_at_each_depth() -> None:
    # The scale starts at 0.3: 0.05 below the lowest end, 0.4, down to a tenth. 208 units are 0.7.
    svg = plots.recall([(0.5, 0.4, 0.6), (1.0, 1.0, 1.0)])
    assert [one["points"] for one in parts(svg, "polyline", "curve")] == ["56,178.6 374,30"]
    assert [one["points"] for one in parts(svg, "polyline", "whisker")] == [
        "56,208.3 56,148.9",
        "374,30 374,30",
    ]
    assert [word for word in words(svg) if word.isdigit()][-2:] == ["1", "2"]


def test_latency_marks_quantiles_and_counts_outliers() -> None:
    # Two bins of 10 and, half a bin apart, one for outliers: 35 ms on 342 units.
    svg = plots.latency(Histogram(0, 10, (3, 1), 2), [("p50", 5.0), ("p99", 17.5)])
    assert [one["points"] for one in parts(svg, "polyline", "quantile")] == [
        "92.9,31 92.9,238",
        "215,45 215,238",
    ]
    assert len(parts(svg, "rect", "bar")) == 2
    assert len(parts(svg, "rect", "bar over")) == 1
    assert "≥ 20" in words(svg)
    assert "2 took 20 ms or longer" in svg


def test_latency_without_outliers_has_no_bar_for_them() -> None:
    svg = plots.latency(Histogram(0, 10, (3, 1), 0), [("p50", 5.0)])
    assert parts(svg, "rect", "bar over") == []
    assert not any("≥" in word for word in words(svg))


def test_names_are_escaped() -> None:
    svg = plots.latency(Histogram(0, 10, (1,), 0), [("<p> & \"'", 5.0)])
    assert words(svg)[-1] == "<p> & \"' 5"
    assert "<p>" not in svg


def test_an_interval_without_ends_is_a_point() -> None:
    whole = plots.interval_bar(0.5, 0.25, 0.75, 1.0)
    assert [one["points"] for one in parts(whole, "polyline", "range")] == ["32,8 88,8"]
    assert [one["points"] for one in parts(whole, "polyline", "before")] == ["116,1 116,15"]
    assert [one["cx"] for one in parts(whole, "circle", "point")] == ["60"]
    bare = plots.interval_bar(0.5, math.nan, math.nan)
    assert parts(bare, "polyline", "range") == parts(bare, "polyline", "before") == []


def test_a_bar_of_failures_differs_in_more_than_colour() -> None:
    assert [one["width"] for one in parts(plots.share_bar(0.5, failed=False), "rect", "bar")] == ["59.5"]
    assert len(parts(plots.share_bar(0.5, failed=True), "rect", "bar failed")) == 1


def test_every_plot_is_an_image_with_a_title_and_a_description() -> None:
    drawings = [
        plots.risk_coverage([0.0], [0.0], (1.0, 0.0)),
        plots.reliability([Bin(0.9, 1.0, 1, 1.0, 1.0)]),
        plots.recall([(0.0, 0.0, 0.0), (0.0, 0.0, 0.0)]),
        plots.latency(plots.histogram([5.0]), [("p50", 5.0)]),
    ]
    ids = []
    for svg in drawings:
        root = ElementTree.fromstring(svg)  # noqa: S314 - our own drawing
        assert root.get("role") == "img"
        told = [found for found in root if found.tag in {"title", "desc"}]
        assert [bool(found.text) for found in told] == [True, True]
        assert (root.get("aria-labelledby") or "").split() == [found.get("id") for found in told]
        ids += [found.get("id") for found in told]
    assert len(set(ids)) == 8
    assert not any("nan" in svg or "inf" in svg for svg in drawings)
