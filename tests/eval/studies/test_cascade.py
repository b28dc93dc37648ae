"""The settings of the study of cascades read what they say."""

from __future__ import annotations

from collections.abc import Sequence

from eval.studies.cascade import SETTINGS, Setting, SettingReader
from indexer.records import Passage, ScoredPassage
from service.answering.answers import Span

PASSAGES = [
    ScoredPassage(Passage(key, f"{key}.txt", 0, 5), "Words", 1.0, 0.0, 0.0, ((0, 5),)) for key in range(4)
]


class Scoring:
    """Scores each passage by its number times a factor."""

    fingerprint = ""

    def __init__(self, name: str, factor: float) -> None:
        self.name = name
        self._factor = factor

    def read(self, question: str, passages: Sequence[ScoredPassage]) -> list[Span]:
        found = [Span(one, 0, len(question), self._factor * one.passage.id) for one in passages]
        return sorted(found, key=lambda span: -span.score)


def read(setting: Setting) -> tuple[list[int], list[int]]:
    reader = SettingReader(setting, Scoring("fast", 1.0), Scoring("accurate", -1.0))
    found = reader.read("Who?", PASSAGES)
    return [span.passage.id for span in found], reader.read_accurately


def test_without_a_fast_reader_all_passages_are_read_accurately() -> None:
    assert read(Setting(4)) == ([0, 1, 2, 3], [4])


def test_the_fast_readers_best_are_read_accurately() -> None:
    assert read(Setting(4, 2)) == ([2, 3], [2])
    assert read(Setting(4, 3, 1.5)) == ([2, 3], [2])


def test_every_setting_has_a_name_of_its_own_and_the_first_has_no_fast_reader() -> None:
    assert len({one.name for one in SETTINGS}) == len(SETTINGS)
    assert SETTINGS[0].most is None
    assert Setting(6, 3, 4.0).name == "6 fast, 3 accurately within 4"
