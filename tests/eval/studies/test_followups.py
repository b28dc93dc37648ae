"""The two-turn conversations: both turns' answers are in their articles, and questions refer back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from eval.dataset import SEEDS, DatasetError
from eval.studies.followups import TURNS, load_turns, right
from service.answering.answerer import Answerer
from service.answering.questions.followups import is_followup

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def over_seeds(
    word_answerer: Callable[[Path, Path], Answerer], tmp_path_factory: pytest.TempPathFactory
) -> Answerer:
    return word_answerer(ROOT / "seeds", tmp_path_factory.mktemp("turns"))


def test_the_conversations_fit_the_articles_and_are_recognised_as_follow_ups(over_seeds: Answerer) -> None:
    turns = load_turns(TURNS, over_seeds)
    assert len(turns) >= 120
    splits = [turn.example.split for turn in turns]
    assert abs(splits.count("dev") - splits.count("test")) <= 1
    kinds = {turn.example.kind for turn in turns}
    assert {"new-name", "why", "where", "thanks", "incomplete", "ellipsis", "topic-change"} <= kinds
    known = {json.loads(line)["question"] for line in SEEDS.read_text("utf-8").splitlines()}
    assert {turn.previous.question for turn in turns} <= known
    of_old = [turn for turn in turns if turn.example.kind == "follow-up"]
    lean = [turn for turn in of_old if is_followup(turn.example.question)]
    assert len(lean) >= 0.95 * len(of_old)


def test_what_has_no_answer_is_right_if_quoth_abstains(over_seeds: Answerer) -> None:
    thanks = next(turn for turn in load_turns(TURNS, over_seeds) if turn.example.kind == "thanks")
    assert right(over_seeds.answer(thanks.example.question, previous=thanks.previous), thanks.example)
    given = over_seeds.answer("Wang Linghong, the CEO of BUCIC", min_confidence=0.0)
    assert not right(given, thanks.example)


def test_a_previous_answer_that_no_article_holds_is_refused(over_seeds: Answerer, tmp_path: Path) -> None:
    record = json.loads(TURNS.read_text("utf-8").splitlines()[0])
    record["previous"]["answer"] = "words that are nowhere"
    path = tmp_path / "turns.jsonl"
    path.write_text(json.dumps(record), "utf-8")
    with pytest.raises(DatasetError, match="line 1, previous: 'words that are nowhere' is not in"):
        load_turns(path, over_seeds)


def test_an_answer_is_right_only_with_an_article_that_holds_it(over_seeds: Answerer) -> None:
    (turn, *_) = load_turns(TURNS, over_seeds)
    gold = turn.example.answers[0]
    sentence = over_seeds.answer("Wang Linghong, the CEO of BUCIC, provided updates", min_confidence=0.0)
    assert sentence.quotation is not None
    assert sentence.quotation.citation.article_id == gold.article
    assert right(sentence, turn.example)
    elsewhere = over_seeds.answer("Alibaba Cloud third data center Indonesia", min_confidence=0.0)
    assert not right(elsewhere, turn.example)
