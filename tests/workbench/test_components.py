"""What the pages are made of: highlighted text, figures and numbers."""

from __future__ import annotations

import json
import re
from html import unescape

from hypothesis import given
from hypothesis import strategies as st

from ladtl_core.experiments.figures import METHOD_COLOURS
from ladtl_core.methods import METHODS
from ladtl_core.scores import LabelScore, Scores
from ladtl_core.text import tokenize
from workbench.components import charts
from workbench.components.difference_chart import difference_chart
from workbench.components.gap_chart import Row, gap_chart
from workbench.components.highlight import Mark, highlighted
from workbench.components.numbers import duration, f1_text
from workbench.components.standalone import standalone

COLOURS = ("#fff", "#000")


def plain(html: str) -> str:
    """The text of highlighted HTML without labels and B or I."""
    html = re.sub(r'<span class="(tag|bio)" dir="ltr">.*?</span>', "", html)
    return unescape(re.sub(r"<[^>]*>", "", html))


def test_tokens_of_a_span_carry_b_and_i() -> None:
    text = "an L5 metastasis & more"
    html = highlighted(text, tokenize(text)[0], [Mark(3, 16, "Problem", COLOURS, "0.91")])
    assert re.findall(r'class="bio" dir="ltr">(.)<', html) == ["B", "I", "I"]
    assert "Problem 0.91" in html and plain(html) == text


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=5))
def test_the_text_is_shown_whole_and_inert(text: str, places: list[tuple[int, int]]) -> None:
    text = "<script>alert(1)</script>" + text
    marks = [Mark(a, min(a + n, len(text)), "<b>", COLOURS) for a, n in places if a < len(text)]
    html = highlighted(text, tokenize(text)[0], marks)
    assert "<script" not in html and "<b>" not in html
    assert plain(html) == text


def test_curves_are_data_and_name_their_lines() -> None:
    figure = charts.curves("F1", {"a": ([1, 2], [10.0, None]), "b": ([1, 2], [20.0, 20.1])}, "F1 (%)")
    assert json.loads(json.dumps(figure)) == figure
    assert [note["text"] for note in figure["layout"]["annotations"]] == ["b"]


def test_charts_without_an_epoch_have_no_axes() -> None:
    for figure in (charts.losses([]), charts.gaps([]), charts.curves("F1", {"F1": ([], [])}, "F1 (%)")):
        assert not figure["layout"]["xaxis"]["visible"] and not figure["layout"]["yaxis"]["visible"]
        assert [note["text"] for note in figure["layout"]["annotations"]] == ["no epoch yet"]


def test_names_of_close_lines_do_not_lie_on_each_other() -> None:
    figure = charts.curves("F1", {"a": ([1], [10.0]), "b": ([1], [10.01]), "c": ([1], [50.0])}, "F1 (%)")
    shifts = {note["text"]: note["yshift"] for note in figure["layout"]["annotations"]}
    assert shifts["b"] - shifts["a"] > 10


def test_confusion_keeps_counts() -> None:
    trace = charts.confusion("t", {"A": {"A": 3, "O": 1}, "O": {"O": 6}})["data"][0]
    assert trace["y"] == ["A", "O"] and trace["text"] == [[3, 1], [0, 6]] and trace["z"][0] == [75, 25]


def test_numbers() -> None:
    scores = Scores(LabelScore(1, 2, 61.26, 9), {}, {}, (54.0, 67.94), 30)
    assert f1_text(scores) == "61.3 (54.0–67.9, 30 records)"
    assert f1_text(None) == "not measured"
    assert [duration(s) for s in (4.4, 80, 7500)] == ["4 s", "1 min 20 s", "2 h 5 min"]


def test_every_method_has_a_colour_of_its_own() -> None:
    assert set(METHOD_COLOURS) == set(METHODS)
    assert len(set(METHOD_COLOURS.values())) == len(METHODS)


def test_names_on_a_log_axis_stand_at_their_lines() -> None:
    payloads = [{"epoch": e, "divergence": {"crf_l2": 10.0**e, "kl": 0.0, "bound": 1.0}} for e in (1, 2)]
    layout = charts.divergence(payloads)["layout"]
    assert layout["yaxis"]["type"] == "log"
    assert {note["text"]: note["y"] for note in layout["annotations"]} == {"L_p": 2.0, "bound of KL": 0.0}


def test_a_difference_stands_within_its_interval() -> None:
    figure = difference_chart("F1", [("Problem", 2.0, (-1.0, 3.5)), ("Rare", 50.0, None)], "points")
    [points] = figure["data"]
    assert (points["x"], points["y"]) == ([2.0, 50.0], ["Problem", "Rare"])
    assert (points["error_x"]["arrayminus"], points["error_x"]["array"]) == ([3.0, 0.0], [1.5, 0.0])


def test_gaps_before_and_after_are_joined() -> None:
    rows: list[Row] = [("B-Test", 0.4, 0.1, 50.0, 60.0), ("O", None, 0.2, None, None)]
    lines, before, after, *f1 = gap_chart("Gap", rows)["data"]
    assert lines["x"] == [0.4, 0.1, None] and set(lines["y"]) == {"B-Test", None}
    assert (before["y"], after["y"]) == (["B-Test"], ["B-Test", "O"])
    assert [trace["x"] for trace in f1] == [[50.0, 60.0, None], [50.0], [60.0]]


def test_colours_of_the_theme_are_real_ones_in_a_file() -> None:
    html = standalone(difference_chart("F1", [("Problem", 2.0, (-1.0, 3.5))], "points"))
    assert '"color":"#182126"' in html.replace(" ", "") and len(html) > 3_000_000
