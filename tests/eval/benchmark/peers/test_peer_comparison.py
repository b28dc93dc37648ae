"""The order of questions, and the figures of the replies, against values worked out by hand."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence

import pytest

from eval.benchmark.peers.comparison import Transcript, ask_all, ratio_of_medians, summarise
from eval.benchmark.peers.contestant import Ready, Reply
from eval.benchmark.peers.table import print_figures
from eval.dataset import Example, GoldSpan

ARTICLES = {"1": "a.txt", "2": "b.txt"}


def reply(text: str, passage: str | None = None, seconds: float = 1.0, raised: int = 0) -> Reply:
    return Reply(text, passage, None, raised, seconds, memory=int(seconds))


def example(key: str, *answers: str) -> Example:
    spans = tuple(GoldSpan("a.txt", 0, len(words), words) for words in answers)
    return Example(key, f"Question {key}?", "which", "test", spans)


class Recorder:
    """A system that records which question it is asked."""

    def __init__(self, name: str, ready: Ready, asked: list[str]) -> None:
        self.name = name
        self.ready = ready
        self._asked = asked

    def ask(self, question: str) -> Reply:
        self._asked.append(f"{self.name}{question.split()[1].removesuffix('?')}")
        return reply(f"{self.name} says {len(self._asked)}")


def test_systems_alternate_and_each_starts_in_turn(ready: Ready) -> None:
    asked: list[str] = []
    systems = [Recorder(name, ready, asked) for name in "ABC"]
    beats: list[int] = []
    transcripts = ask_all(
        systems, [example("1"), example("2"), example("3")], 1, lambda: beats.append(len(asked))
    )
    assert asked == ["A1", "B1", "C1", "A1", "B1", "C1", "B2", "C2", "A2", "C3", "A3", "B3"]
    assert beats == [3, 6, 9, 12]
    assert [one.name for one in transcripts] == ["A", "B", "C"]
    assert [one.text for one in transcripts[0].replies] == ["A says 4", "A says 9", "A says 11"]
    assert [one.text for one in transcripts[2].replies] == ["C says 6", "C says 8", "C says 10"]


def test_a_warm_up_longer_than_the_set_is_the_set(ready: Ready) -> None:
    asked: list[str] = []
    ask_all([Recorder("A", ready, asked)], [example("1"), example("2")], 5)
    assert asked == ["A1", "A2", "A1", "A2"]


def test_quality_is_that_of_the_replies(ready: Ready) -> None:
    examples = [example("1", "Oslo"), example("2", "eight new ports"), example("3", "Lima"), example("4")]
    answers = (
        reply("Oslo", "1"),
        reply("eight ports", "2", raised=3),
        reply("", raised=1),
        reply("Rome", "1"),
    )
    (one,) = summarise([Transcript("it", ready, answers)], examples, ARTICLES)
    assert one.f1.value == pytest.approx((1 + 2 * 2 / (2 + 3) + 0) / 3)
    assert one.exact.value == pytest.approx(1 / 3)
    assert one.article.value == pytest.approx(1 / 3)  # the second is cited from b.txt
    assert (one.invented.value, one.invented.count) == (1.0, 1)
    assert one.f1.count == 3
    assert one.raised == 4


def test_no_answer_has_no_right_article(ready: Ready) -> None:
    (one,) = summarise([Transcript("it", ready, (reply("", "1"),))], [example("1", "Oslo")], ARTICLES)
    assert one.article.value == 0.0


def test_times_are_percentiles_and_a_ratio_to_the_first(ready: Ready) -> None:
    examples = [example(key) for key in "1234"]
    transcripts = [
        Transcript(name, ready, tuple(reply("", seconds=one) for one in seconds))
        for name, seconds in {"first": (1, 2, 3, 100), "second": (2, 4, 6, 8)}.items()
    ]
    first, second = summarise(transcripts, examples, ARTICLES)
    assert first.milliseconds[50] == 2_500
    assert second.milliseconds[95] == pytest.approx(6_000 + 0.85 * 2_000)
    assert first.ratio.value == first.ratio.low == first.ratio.high == 1.0
    assert second.ratio.value == 2.0
    assert second.ratio.low < second.ratio.high == 2.0  # no draw is above: only the slowest is not twice
    assert (first.memory, second.memory) == (100, 8)


def test_questions_that_are_slow_for_both_do_not_widen_the_interval() -> None:
    seconds = [0.1, 5.0, 0.2, 40.0, 1.0, 7.0]
    ratio = ratio_of_medians([3 * one for one in seconds], seconds, seed=0)
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx([3.0, 3.0, 3.0])


def test_without_questions_a_figure_is_nan(ready: Ready) -> None:
    (one,) = summarise([Transcript("it", ready, (reply("Oslo", "1"),))], [example("1", "Oslo")], ARTICLES)
    assert math.isnan(one.invented.value)
    record = json.loads(json.dumps(one.as_json(), allow_nan=False))
    assert record["invented"] == {"value": None, "low": None, "high": None, "n": 0}
    assert record["f1"]["value"] == 1.0
    assert record["ready_s"] == 2.0


def table(
    capsys: pytest.CaptureFixture[str], transcripts: Sequence[Transcript], examples: Sequence[Example]
) -> str:
    environment = {
        "hardware": {"processor": "P", "cores": 2, "system": "S"},
        "commit": "c0ffee",
        "load": None,
    }
    print_figures(summarise(transcripts, examples, ARTICLES), "a title", environment)
    return capsys.readouterr().out


def test_a_table_has_a_column_for_each_system_and_names_the_environment(
    ready: Ready, capsys: pytest.CaptureFixture[str]
) -> None:
    slow = Transcript("Slow", ready, (reply("Oslo", "1", seconds=2.5),))
    text = table(capsys, [Transcript("Quick", ready, (reply("Oslo", "1"),)), slow], [example("1", "Oslo")])
    for shown in ("a title", "Quick", "Slow", "1,000.0", "2,500.0", "2.5–2.5", "python 3", "c0ffee"):
        assert shown in text
    assert max(map(len, text.split("Intervals")[0].splitlines())) <= 80
    assert "invented" not in text
    assert "TypeErrors" not in text


def test_a_table_shows_the_number_of_failures(ready: Ready, capsys: pytest.CaptureFixture[str]) -> None:
    text = table(capsys, [Transcript("It", ready, (reply("Oslo", raised=12),))], [example("1")])
    assert "12" in next(line for line in text.splitlines() if "TypeErrors" in line)
    assert "invented" in text
