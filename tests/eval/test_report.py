"""The report: exact marks, a safe page that loads nothing, and unusual runs."""

from __future__ import annotations

import base64
import hashlib
import html
import re
from collections.abc import Iterable
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import significance
from eval.dataset import Example, GoldSpan
from eval.figures import MEASURES
from eval.report import breakdowns, render
from eval.report import page as report
from eval.report.marking import marked
from eval.runs import Excerpt, Result, Run
from eval.systems import Candidate, Place, Reply

pytestmark = pytest.mark.slow

TEXT = "The bridge was opened in 1932 by the premier of the state."
"""An article; "1932" is at 25-29."""
HOSTILE = "<script>alert(1)</script> \"q\" 'a' ]]> --> & </style><img src=x onerror=alert(2)> {{ 7 * 7 }}"


@pytest.fixture(autouse=True)
def few_draws(monkeypatch: pytest.MonkeyPatch) -> None:
    """50 draws instead of 2,000: these tests check where intervals are shown, not how wide they are."""

    def draws(count: int, *, samples: int = 50, seed: int = 0) -> significance.Draws:
        return significance.draws(count, samples=min(samples, 50), seed=seed)

    monkeypatch.setattr("eval.figures.draws", draws)
    monkeypatch.setattr("eval.report.curves.draws", draws)
    monkeypatch.setattr("eval.report.breakdowns.draws", draws)


def result(
    name: str,
    *,
    answers: Iterable[tuple[int, int]] = ((25, 29),),
    found: tuple[int, int] | None = (25, 29),
    confidence: float = 0.9,
    kind: str = "when",
    article: str = "bridge.txt",
    milliseconds: float = 20.0,
    passages: int = 2,
    text: str = TEXT,
    excerpts: bool = True,
) -> Result:
    """A question about `text`, answered if the confidence is at least 0.5."""
    whole = Place(article, 0, len(text))
    gold = tuple(GoldSpan(article, start, end, text[start:end]) for start, end in answers)
    candidate = Candidate(text[slice(*found)], Place(article, *found), whole) if found else None
    read = (whole, *[Place(article, 0, 3)] * (passages - 1))
    return Result(
        Example(name, f"Question {name}?", kind, "test", gold),
        Reply(candidate, confidence, read, milliseconds),
        candidate is not None and confidence >= 0.5,
        1,
        (Excerpt(whole, text),) if excerpts else (),
    )


def run(*results: Result, **changed: Any) -> Run:
    made = Run(
        dataset={"name": "set.jsonl", "sha256": "ab" * 32, "split": "all", "of": len(results)},
        system={
            "mode": "open",
            "generation": "gen-000007",
            "reader": {"name": "reader-a", "sha256": "cd" * 32},
            "threshold": 0.5,
            "settings": {"top_k": 2},
        },
        environment={
            "created": "2031-05-06T07:08:09+00:00",
            "commit": "0123456789ab",
            "libraries": {"numpy": "9"},
        },
        seed=3,
        complete=True,
        results=results,
    )
    return replace(made, **changed)


RIGHT = result("right")
WRONG = result("wrong", found=(4, 10), confidence=0.8, kind="what")
REFUSED = result("refused", confidence=0.1)
ABSTAINED = result("abstained", answers=(), confidence=0.2, kind="off-topic")
INVENTED = result("invented", answers=(), confidence=0.7, kind="off-topic")
ALL = (RIGHT, WRONG, REFUSED, ABSTAINED, INVENTED)


class Page(HTMLParser):
    """A page's elements and its visible text; fails where elements are not closed in order."""

    _EMPTY = frozenset({"meta", "link", "br", "input"})

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.scripts: list[str] = []
        self.styles: list[str] = []
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in self._EMPTY:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["script"]:
            self.scripts.append(data)
        elif self._open[-1:] == ["style"]:
            self.styles.append(data)
        else:
            self.text += data

    def having(self, name: str, value: str) -> list[dict[str, str | None]]:
        return [found for _, found in self.elements if found.get(name) == value]


def visible(text: str) -> str:
    return " ".join(Page(text).text.split())


def section(page: str, name: str) -> str:
    return page[page.index(f'<section id="{name}"') :].partition("</section>")[0] + "</section>"


def rows(table: str) -> dict[str, list[str]]:
    """A table's rows: the text of each cell, by the row's heading."""
    found = {}
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL):
        heading = re.search(r'<th scope="row">(.*?)(?:<small>.*?)?</th>', row, re.DOTALL)
        if heading:
            found[heading[1]] = [visible(cell) for cell in re.findall(r"<td.*?>(.*?)</td>", row, re.DOTALL)]
    return found


# Marks.


def test_overlapping_spans_are_split_at_their_edges() -> None:
    assert marked("abcdefgh", [(1, 4)], [(3, 6)]) == (
        'a<mark class="given">bc</mark><mark class="given gold">d</mark><mark class="gold">ef</mark>gh'
    )


def test_a_span_within_another_is_marked_as_both() -> None:
    assert marked("abcd", [(0, 4)], [(1, 2)]) == (
        '<mark class="given">a</mark><mark class="given gold">b</mark><mark class="given">cd</mark>'
    )


def test_gold_spans_that_overlap_are_one_mark() -> None:
    assert marked("the bridge here", [], [(4, 10), (0, 10)]) == '<mark class="gold">the bridge</mark> here'


def test_offsets_count_code_points() -> None:
    text = "😀 café\u0301 <b> 👩‍👧 end"
    start = text.index("<b>")
    assert start == 8
    assert marked(text, [(8, 11)], [(2, 7)]) == (
        '😀 <mark class="gold">café\u0301</mark> <mark class="given">&lt;b&gt;</mark> 👩‍👧 end'
    )


def test_parts_of_spans_outside_the_text_are_not_marked() -> None:
    assert marked("abc", [(-3, -1), (5, 9)], []) == "abc"
    assert marked("abc", [(-3, 1)], [(2, 9)]) == '<mark class="given">a</mark>b<mark class="gold">c</mark>'
    assert marked("", [(0, 0)], []) == ""


SPANS = st.lists(st.tuples(st.integers(-3, 40), st.integers(-3, 40)), max_size=4)


@given(st.text(max_size=35), SPANS, SPANS)
def test_marking_changes_no_character_and_marks_every_span(
    text: str, first: list[tuple[int, int]], second: list[tuple[int, int]]
) -> None:
    kept = ""
    inside: dict[str, set[int]] = {"given": set(), "gold": set()}
    for names, words in re.findall(
        r'(?:<mark class="([a-z ]+)">)?([^<]+)(?:</mark>)?', marked(text, first, second)
    ):
        plain = html.unescape(str(words).replace("&#13;", "\r"))
        for name in str(names).split():
            inside[name] |= {*range(len(kept), len(kept) + len(plain))}
        kept += plain
    assert kept == text
    for name, spans in (("given", first), ("gold", second)):
        assert inside[name] == {
            place for low, high in spans for place in range(max(low, 0), min(high, len(text)))
        }


def test_a_long_text_keeps_the_surroundings_of_its_marks() -> None:
    text = "before " * 1_000 + "MARKED" + " between" * 1_000 + " AGAIN" + " after" * 1_000
    first, second = text.index("MARKED"), text.index("AGAIN")
    shown = str(marked(text, [(first, first + 6)], [(second, second + 5)]))
    gap = '<span class="gap">[…]</span>'
    assert shown.count(gap) == 3
    head, middle, other, tail = shown.split(gap)
    # 400 characters at most on each side, whole words.
    assert head == " "
    assert re.fullmatch(r' (before ){56}<mark class="given">MARKED</mark>( between){49} ', middle)
    assert re.fullmatch(r' (between ){49}<mark class="gold">AGAIN</mark>( after){66} ', other)
    assert tail == " "


def test_a_long_text_without_marks_shows_its_beginning() -> None:
    shown = str(marked("word " * 1_000, [], []))
    assert shown.startswith("word word ")
    assert shown.endswith('word <span class="gap">[…]</span> ')
    assert len(shown) < 1_700


def test_a_long_span_is_shown_whole() -> None:
    text = "x " * 2_000
    assert marked(text, [(0, 4_000)], []) == f'<mark class="given">{text}</mark>'


# The page.


def test_the_same_runs_give_the_same_bytes() -> None:
    again = tuple(replace(one) for one in ALL)
    assert render(run(*ALL), run(RIGHT, REFUSED)) == render(run(*again), run(RIGHT, REFUSED))


def test_the_page_loads_nothing() -> None:
    page = render(run(*ALL), None)
    found = Page(page)
    for tag, attributes in found.elements:
        assert tag not in {"img", "iframe", "object", "embed", "audio", "video", "base", "use", "image"}
        assert not {"src", "srcset", "action", "style", "poster"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes)
        for name in ("href", "xlink:href"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,"))
    assert "url(" not in page
    assert "@import" not in page
    assert "://" not in page


def test_the_policy_allows_only_the_pages_own_script_and_style() -> None:
    found = Page(render(run(*ALL), None))
    (policy,) = (one["content"] or "" for one in found.having("http-equiv", "Content-Security-Policy"))
    assert policy.startswith("default-src 'none'; ")
    for source, texts in (("script-src", found.scripts), ("style-src", found.styles)):
        (text,) = texts
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{source} 'sha256-{digest}';" in policy


def test_links_within_the_page_have_targets() -> None:
    found = Page(render(run(*ALL), run(*ALL)))
    ids = [one["id"] for _, one in found.elements if "id" in one]
    assert len(ids) == len(set(ids))
    for _, attributes in found.elements:
        if (attributes.get("href") or "").startswith("#"):
            assert (attributes["href"] or "")[1:] in ids
        for name in ("aria-labelledby", "for"):
            assert set((attributes.get(name) or "").split()) <= set(ids)


def test_headings_go_down_one_level_at_a_time() -> None:
    levels = [
        int(tag[1]) for tag, _ in Page(render(run(*ALL), run(*ALL))).elements if re.fullmatch("h[1-6]", tag)
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


def test_every_table_heading_has_a_scope() -> None:
    headings = [one for tag, one in Page(render(run(*ALL), run(*ALL))).elements if tag == "th"]
    assert headings
    assert all(one.get("scope") in {"col", "row"} for one in headings)


def hostile(words: str) -> str:
    """The page of two runs that have these words wherever a record holds text."""
    text = f"{words} {TEXT}"
    bad = result(
        "x", found=(0, len(words)), answers=[(len(words) + 1, len(words) + 4)], text=text, article=words
    )
    bad = replace(bad, example=replace(bad.example, id=words, question=words, kind=words))
    silent = replace(bad, reply=replace(bad.reply, candidate=None), answered=False)
    named: dict[str, Any] = {
        "dataset": {"name": words, "sha256": words, "split": words, "of": 2},
        "system": {"mode": words, "reader": {"name": words}, "threshold": words, words: words},
        "environment": {"created": words, "commit": words},
    }
    return render(run(bad, **named), run(silent, **named))


def test_hostile_text_is_shown_as_text() -> None:
    page, harmless = Page(hostile(HOSTILE)), Page(hostile("x" * len(HOSTILE)))
    assert [tag for tag, _ in page.elements] == [tag for tag, _ in harmless.elements]
    assert [{*one} for _, one in page.elements] == [{*one} for _, one in harmless.elements]
    assert (page.scripts, page.styles) == (harmless.scripts, harmless.styles)
    (failure,) = page.having("class", "failure")
    assert failure["data-kind"] == failure["data-article"] == HOSTILE
    # The title, the change, the failure and its excerpt show it unchanged.
    assert page.text.count(HOSTILE) == harmless.text.count("x" * len(HOSTILE)) > 10


def test_every_measure_is_explained() -> None:
    page = render(run(*ALL), None)
    shown = dict(re.findall(r'<th scope="row">([^<]+)<small>([^<]*)</small>', section(page, "figures")))
    for measure in MEASURES:
        name = html.unescape(measure.name)
        assert len(shown[name].replace("Lower is better.", "").strip()) > 10, name
        assert shown[name].endswith("Lower is better.") is not measure.up


def test_the_headline_shows_known_measures() -> None:
    assert set(report.HEADLINE) <= {measure.name for measure in MEASURES}
    tiles = visible(section(render(run(*ALL), None), "headline"))
    # Three are answered, one of them right; two of three answerable ones have the right words, one "bridge".
    assert "Answers given that are right 33.3%" in tiles
    assert "over 3 questions answered" in tiles
    assert "Right article cited 100.0%" in tiles
    assert "Unanswerable questions not answered 50.0%" in tiles
    assert "over 2 unanswerable questions" in tiles
    assert "Answerable questions not answered 33.3%" in tiles
    assert "Median time to an answer 20 ms 95% interval 20 ms to 20 ms" in tiles


def test_denominators_are_shown_with_their_sizes() -> None:
    shown = visible(section(render(run(*ALL), None), "figures"))
    for words in ("all (5)", "answerable (3)", "unanswerable (2)", "answered (3)", "abstained (2)"):
        assert words in shown


def test_outcomes_are_counted() -> None:
    table = rows(section(render(run(*ALL, INVENTED), None), "headline"))
    assert {name: cells[0] for name, cells in table.items()} == {
        "Right": "1",
        "Abstained": "1",
        "Answered without an answer": "2",
        "Wrong": "1",
        "Refused": "1",
    }


def test_breakdowns_count_by_kind_and_by_article() -> None:
    elsewhere = result("else", article="<i>.txt", kind="when")
    table = section(render(run(*ALL, elsewhere), None), "breakdowns")
    kinds, articles = (rows(part) for part in table.split("By article</h3>"))
    # Questions, succeeded, token F1, its interval, right article, refused, abstained.
    assert kinds["when"] == ["3", "2 of 3", "1.000", "1.000 – 1.000", "3 of 3", "1 of 3", "–"]
    assert kinds["what"] == ["1", "0 of 1", "0.000", "0.000 – 0.000", "1 of 1", "0 of 1", "–"]
    assert kinds["off-topic"] == ["2", "1 of 2", "–", "–", "–", "–", "1 of 2"]
    assert kinds["All"][:3] == ["6", "3 of 6", "0.750"]
    assert [*kinds] == ["when", "what", "off-topic", "All"]
    assert [*articles] == ["bridge.txt", "&lt;i&gt;.txt", "(no article answers)", "All"]


def test_of_many_articles_those_with_fewest_questions_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(breakdowns, "GROUPS", 2)
    several = [
        result(f"{name}{count}", article=name) for name in "abc" for count in range(2 if name == "c" else 1)
    ]
    table = section(render(run(*several), None), "breakdowns").partition("By article</h3>")[2]
    assert [*rows(table)] == ["c", "a", "All"]
    assert "Not shown: 1 group with fewer questions." in table


def test_a_failure_shows_the_given_and_the_acceptable_answers() -> None:
    page = section(render(run(*ALL), None), "failures")
    wrong, invented, refused = (
        part.partition("</details>")[0] for part in page.split('<details class="failure"')[1:]
    )
    assert 'data-outcome="wrong" data-kind="what" data-article="bridge.txt" open' in wrong
    assert "Confidence 0.800; the threshold is 0.500." in visible(wrong)
    assert '<dt>Given</dt>\n        <dd><mark class="given words" dir="auto">bridge</mark>' in wrong
    assert '<mark class="gold words" dir="auto">1932</mark>' in wrong
    assert "<code>bridge.txt:4-10</code>" in wrong
    assert (
        'The <mark class="given">bridge</mark> was opened in <mark class="gold">1932</mark> by the premier'
        in wrong
    )
    assert "passage 1 of the 2 read holds a whole acceptable answer" in wrong
    assert 'data-outcome="answered without an answer"' in invented
    assert "none: no article answers it" in invented
    assert "<dt>Withheld</dt>" in refused
    assert 'opened in <mark class="given gold">1932</mark> by' in refused


def test_marks_are_relative_to_the_start_of_the_excerpt() -> None:
    cut = replace(WRONG, excerpts=(Excerpt(Place("bridge.txt", 8, 29), TEXT[8:29]),))
    page = section(render(run(cut), None), "failures")
    assert '<mark class="given">ge</mark> was opened in <mark class="gold">1932</mark></blockquote>' in page
    # The candidate begins before the excerpt, so only the answer is whole in it.
    assert "An acceptable answer, in <code>bridge.txt:8-29</code>" in page


def test_offsets_of_another_article_are_not_marked() -> None:
    other = replace(WRONG, excerpts=(Excerpt(Place("other.txt", 0, 12), "Other words."),))
    page = section(render(run(other), None), "failures")
    assert '<blockquote dir="auto">Other words.</blockquote>' in page


def test_failures_beyond_the_limit_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(report, "SHOWN", 2)
    page = render(run(*(replace(WRONG, example=replace(WRONG.example, id=f"{n}")) for n in range(5))), None)
    assert len(Page(page).having("class", "failure")) == 2
    assert "The first 2 of 5 are shown; the run’s record also has the other 3." in page


def test_the_filter_offers_the_values_that_occur() -> None:
    page = section(render(run(*ALL), None), "failures")
    assert re.findall(r'<option value="([^"]*)">', page) == [
        *("", "answered without an answer", "refused", "wrong"),
        *("", "off-topic", "what", "when"),
        *("", "(no article answers)", "bridge.txt"),
    ]
    assert '<form id="filter" hidden>' in page


def test_settings_and_hashes_are_listed_beside_the_references() -> None:
    other = run(RIGHT, system={"mode": "open", "threshold": 0.25, "url": None})
    table = rows(section(render(run(RIGHT), other), "settings"))
    assert table["sha256"] == ["ab" * 32, "the same"]
    assert table["reader.sha256"] == ["cd" * 32, "–"]
    assert table["threshold"] == ["0.5", "0.25"]
    assert table["url"] == ["–", "null"]
    assert table["settings.top_k"] == ["2", "–"]
    assert table["seed"] == ["3", "the same"]
    assert table["commit"] == ["0123456789ab", "the same"]
    assert table["libraries.numpy"] == ["9", "the same"]
    assert table["created"][0] == "2031-05-06T07:08:09+00:00"


# A reference.


def test_each_figure_is_compared_with_the_reference() -> None:
    before = [replace(WRONG, example=replace(WRONG.example, id=f"{n}", question=f"{n}?")) for n in range(8)]
    after = [replace(RIGHT, example=one.example) for one in before]
    cells = rows(section(render(run(*after), run(*before)), "figures"))["best candidate is right"]
    # Value, interval, bar, over, reference, difference, p, verdict: p: twice (none + 1) of (50 + 1) draws.
    assert cells == [
        *("1.000", "1.000 – 1.000", "", "8 answerable", "0.000"),
        *("+1.000+1.000 to +1.000", "0.039", "better"),
    ]
    cells = rows(section(render(run(*before), run(*after)), "figures"))["best candidate is right"]
    assert cells[5:] == ["−1.000−1.000 to −1.000", "0.039", "worse"]
    cells = rows(section(render(run(*after), run(*after)), "figures"))["best candidate is right"]
    assert cells[5:] == ["0.0000.000 to 0.000", "1.000", "may be chance"]


def test_changed_questions_are_listed_worse_first() -> None:
    better = replace(RIGHT, example=WRONG.example)
    worse = replace(WRONG, example=RIGHT.example)
    page = render(run(better, worse, ABSTAINED), run(WRONG, RIGHT, ABSTAINED))
    shown = visible(section(page, "changes"))
    assert (
        "Of 3 questions, 1 got worse, 1 got better, and 0 changed without getting worse or better." in shown
    )
    first, second = re.findall(r'<p class="asked">.*?</dl>', section(page, "changes"), re.DOTALL)
    assert visible(first) == (
        "worse Question right? right Referenceright, 0.900: “1932” This runwrong, 0.800: “bridge” "
        "Acceptable1932"
    )
    assert visible(second).startswith("better Question wrong?")


def test_regressions_are_named() -> None:
    page = render(run(replace(WRONG, example=RIGHT.example)), run(RIGHT))
    assert "best candidate is right 0.000; the reference has 1.000, 95% interval 1.000 – 1.000" in visible(
        page
    )
    assert "No figure is worse than the reference’s interval." in section(
        render(run(RIGHT), run(RIGHT)), "changes"
    )


def test_a_reference_over_other_questions_is_not_compared() -> None:
    page = render(run(RIGHT), run(WRONG))
    assert "the runs cannot be compared" in section(page, "changes")
    assert "Verdict" not in page


def test_questions_that_only_one_run_has_are_counted() -> None:
    shown = visible(section(render(run(RIGHT, WRONG), run(RIGHT)), "figures"))
    assert "over the 1 question that both have; 1 that only one has" in shown


# Unusual runs.


def test_a_stopped_run_is_announced_at_the_top() -> None:
    assert "stopped before its last question" not in render(run(RIGHT), None)
    page = render(run(RIGHT, complete=False), None)
    assert page.index("stopped before its last question") < page.index('<section id="headline"')


@pytest.mark.slow
@pytest.mark.parametrize(
    "results",
    [
        pytest.param((RIGHT, WRONG, REFUSED), id="no unanswerable questions"),
        pytest.param((ABSTAINED, INVENTED), id="no answerable questions"),
        pytest.param((RIGHT,), id="one question, no failure"),
        pytest.param((REFUSED,), id="nothing answered"),
        pytest.param((ABSTAINED,), id="nothing to answer, nothing answered"),
        pytest.param((result("none", found=None, confidence=0.0),), id="no candidate"),
        pytest.param((result("bare", found=None, passages=1, excerpts=False),), id="no excerpt"),
        pytest.param(
            (result("far", answers=[(25, 29)], found=(4, 10), text=TEXT + " more" * 9_999),), id="long"
        ),
        pytest.param((result("slow", milliseconds=1e7), RIGHT), id="an outlier"),
        pytest.param((replace(RIGHT, reply=Reply(None, 0.0, (), 0.0), answered=False),), id="nothing read"),
        pytest.param((), id="no questions"),
    ],
)
def test_unusual_runs_make_a_page(results: tuple[Result, ...]) -> None:
    for page in (render(run(*results), None), render(run(*results), run(*results))):
        words = visible(page)
        assert not re.search(r"\b(nan|inf|None)\b", words)
        assert "Settings and hashes" in words


def test_the_recall_curve_is_left_out_where_it_is_meaningless() -> None:
    assert "Recall at k" in render(run(RIGHT), None)
    assert "Recall at k" not in render(run(result("one", passages=1)), None)
    assert "Recall at k" not in render(run(ABSTAINED), None)


def test_curves_carry_their_numbers() -> None:
    page = section(render(run(*ALL), None), "curves")
    # Most confident first: right, wrong, invented, abstained, refused; the last has the right words.
    shown = visible(page)
    assert "At the threshold 0.600 of the questions are answered, and 0.667 of those" in shown
    assert "at least 0.400" in shown
    rates = re.findall(
        r"<tr><td class=\"n\">(\d)</td><td class=\"n\">([\d.]+)</td><td class=\"n\">([\d.]+)</td>", page
    )
    assert rates == [
        ("1", "0.200", "0.000"),
        ("2", "0.400", "0.500"),
        ("3", "0.600", "0.667"),
        ("4", "0.800", "0.750"),
        ("5", "1.000", "0.600"),
    ]
    assert "Half of the questions took 20.0 ms or less" in shown
