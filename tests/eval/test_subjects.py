"""Requests become questions and a system: every kind of set, and requests that contradict themselves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import subjects
from eval.commands import evaluate
from eval.dataset import DatasetError, fingerprint
from eval.remote import RemoteSystem
from eval.runs import Result, ask_all
from eval.subjects import Request, open_subject
from eval.systems import LocalSystem, ReaderSystem, UnreachableError
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.errors import CorpusError, IndexMissingError
from service.settings import Settings

RAIN = "The river rose by two metres in May. Nobody was hurt in the town of Bern."
ROAD = "A road was built to the port. It cost nine million francs."


@pytest.fixture(autouse=True)
def _words_for_encoder(monkeypatch: pytest.MonkeyPatch, word_encoder: Encoder) -> None:
    """Every encoder that is loaded is the one that counts words."""
    for module in ("indexer.encoders.loading", "service.loading", "eval.subjects"):
        monkeypatch.setattr(f"{module}.load_encoder", lambda *_: word_encoder)


@pytest.fixture
def small_reader(small_model: Path) -> str:
    return str(small_model)


@pytest.fixture
def articles(tmp_path: Path) -> Path:
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "rain.txt").write_text(RAIN, "utf-8")
    (folder / "road.txt").write_text(ROAD, "utf-8")
    return folder


@pytest.fixture
def questions(tmp_path: Path) -> Path:
    """Twelve questions, every third in the split dev."""
    path = tmp_path / "set.jsonl"
    lines = [
        {"id": f"q{number}", "question": f"What of {number}?", "answers": ["two metres"]}
        | {"split": "test" if number % 3 else "dev"}
        for number in range(12)
    ]
    path.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return path


@pytest.fixture
def squad(tmp_path: Path) -> Path:
    asked = [
        {"id": "metres", "question": "How far did it rise?"}
        | {"answers": [{"text": "two metres", "answer_start": RAIN.index("two")}]},
        {"id": "none", "question": "Who was hurt?", "answers": [], "is_impossible": True},
    ]
    paid = {"id": "francs", "question": "What did the road cost?"} | {
        "answers": [{"text": "nine million francs", "answer_start": ROAD.index("nine")}]
    }
    path = tmp_path / "set.json"
    paragraphs = [{"context": RAIN, "qas": asked}, {"context": ROAD, "qas": [paid]}]
    path.write_text(json.dumps({"data": [{"title": "T", "paragraphs": paragraphs}]}), "utf-8")
    return path


@pytest.fixture
def settings(tmp_path: Path, articles: Path, word_encoder: Encoder, small_reader: str) -> Settings:
    build(Corpus(articles), tmp_path / "index", word_encoder)
    return Settings.of(index=tmp_path / "index", reader=small_reader, top_k=3)


def answers(subject: subjects.Subject) -> dict[str, Result]:
    found: list[Result] = []
    ask_all(subject.system, subject.examples, found.append)
    return {one.example.id: one for one in found}


def test_a_set_of_questions_is_put_to_an_index(questions: Path, settings: Settings) -> None:
    subject = open_subject(Request(questions, settings))
    assert isinstance(subject.system, LocalSystem)
    assert [example.id for example in subject.examples] == [f"q{number}" for number in range(12)]
    assert subject.dataset == {
        "name": "set.jsonl", "sha256": fingerprint(questions), "split": "all", "of": 12, "moved": 0,
    }  # fmt: skip
    facts = json.loads(json.dumps(subject.system.facts, allow_nan=False))
    assert (facts["mode"], facts["generation"], facts["articles"]) == ("open", "gen-000001", 2)
    assert facts["settings"]["top_k"] == 3
    assert facts["threshold"] == subject.system.threshold
    assert all(len(facts[model]["sha256"]) == 64 for model in ("reader", "encoder"))
    assert len(answers(subject)["q0"].reply.passages) <= 3


def test_a_folder_of_articles_is_indexed_once_and_asked(
    questions: Path, articles: Path, small_reader: str, tmp_path: Path
) -> None:
    request = Request(
        questions, Settings.of(reader=small_reader, index=tmp_path / "none"), articles, work=tmp_path / "work"
    )
    subject = open_subject(request)
    assert [article.id for article in subject.system.articles] == ["rain.txt", "road.txt"]
    assert open_subject(request).system.facts["generation"] == "gen-000001"
    (articles / "new.txt").write_text("A bridge was opened in Lund, we heard.", "utf-8")
    assert len(open_subject(request).system.articles) == 3
    assert [path.name[:9] for path in (tmp_path / "work").iterdir()] == ["articles-"]


def test_a_squad_file_is_one_corpus(squad: Path, small_reader: str, tmp_path: Path) -> None:
    request = Request(
        squad, Settings.of(reader=small_reader, index=tmp_path / "none", min_confidence=0.0), work=tmp_path
    )
    subject = open_subject(request)
    assert isinstance(subject.system, LocalSystem)
    assert (subject.system.facts["mode"], subject.system.facts["articles"]) == ("open", 2)
    assert subject.system.threshold == 0.0
    found = answers(subject)
    assert [*found] == ["metres", "none", "francs"]
    assert len({place.article for place in found["metres"].reply.passages}) == 2
    assert found["francs"].relevant >= 1
    assert found["none"].relevant == 0


def test_a_squad_file_may_be_put_to_the_reader_alone(squad: Path, small_reader: str, tmp_path: Path) -> None:
    settings = Settings.of(reader=small_reader, min_confidence=0.5)
    subject = open_subject(Request(squad, settings, reader_only=True, work=tmp_path / "work"))
    assert isinstance(subject.system, ReaderSystem)
    facts = json.loads(json.dumps(subject.system.facts, allow_nan=False))
    assert (facts["mode"], facts["articles"], facts["threshold"]) == ("reader-only", 2, 0.5)
    assert facts["encoder"]["name"] == "words"
    found = answers(subject)
    for key, text in (("metres", RAIN), ("none", RAIN), ("francs", ROAD)):
        (place,) = found[key].reply.passages
        assert (place.start, place.end) == (0, len(text))
    assert not (tmp_path / "work").exists()


def test_without_a_chosen_threshold_the_readers_own_is_used(squad: Path, small_reader: str) -> None:
    one, other = (
        open_subject(Request(squad, Settings.of(reader=small_reader, min_confidence=given), reader_only=True))
        for given in (None, 0.0)
    )
    assert one.system.threshold > 0.0 == other.system.threshold


def test_a_split_and_a_sample_of_it_are_taken(questions: Path, settings: Settings) -> None:
    dev = open_subject(Request(questions, settings, split="dev"))
    assert [example.id for example in dev.examples] == ["q0", "q3", "q6", "q9"]
    assert (dev.dataset["split"], dev.dataset["of"]) == ("dev", 12)
    samples = [
        [
            example.id
            for example in open_subject(
                Request(questions, settings, split="test", questions=4, seed=seed)
            ).examples
        ]
        for seed in (0, 0, 1)
    ]
    assert samples[0] == samples[1] != samples[2]
    assert len(set(samples[0])) == 4
    assert samples[0] == sorted(samples[0], key=lambda key: int(key[1:]))
    assert not {"q0", "q3", "q6", "q9"} & {*samples[0], *samples[2]}
    everything = open_subject(Request(questions, settings, split="dev", questions=99))
    assert len(everything.examples) == 4


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("set.jsonl", {"split": "train"}, "no split 'train': choose one of dev, test, all"),
        ("set.jsonl", {"reader_only": True}, r"--reader-only needs a SQuAD-format file \(.json\)"),
        ("set.json", {"url": "http://x"}, "brings its own articles: leave out --url"),
        ("set.json", {"articles": Path("x")}, "brings its own articles: leave out --articles"),
        ("set.jsonl", {"url": "http://x", "articles": Path("x")}, "--url and --articles do not go together"),
        ("set.json", {"url": "http://x", "reader_only": True}, "--url and --reader-only do not go together"),
        ("set.json", {"split": "dev"}, "holds no question of the split 'dev': choose another, or all"),
        ("none.json", {}, "none.json cannot be read"),
    ],
)
@pytest.mark.usefixtures("squad", "questions")
def test_a_contradictory_request_is_refused(
    tmp_path: Path, small_reader: str, name: str, changes: dict[str, object], message: str
) -> None:
    request = Request(tmp_path / name, Settings.of(reader=small_reader), work=tmp_path / "work", **changes)  # type: ignore[arg-type]
    with pytest.raises(DatasetError, match=message):
        open_subject(request)


def test_a_missing_index_folder_or_service_is_an_error(questions: Path, tmp_path: Path) -> None:
    with pytest.raises(IndexMissingError, match="make one with `quoth index"):
        open_subject(Request(questions, Settings.of(index=tmp_path / "none")))
    with pytest.raises(CorpusError, match="name a folder of articles"):
        open_subject(Request(questions, Settings(), articles=tmp_path / "none", work=tmp_path))
    with pytest.raises(UnreachableError, match="start one with `quoth serve`"):
        open_subject(Request(questions, Settings(), url="http://127.0.0.1:9"))


def test_a_service_is_identified_before_its_articles_are_fetched(
    questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[dict[str, object]] = []

    class Elsewhere(RemoteSystem):
        """Another service, where every article is missing."""

        def __init__(self, url: str, **given: object) -> None:
            super().__init__(url)
            made.append({"url": url, **given})

        def find_article(self, article_id: str) -> None:
            pytest.fail(f"{article_id} was asked for")

        @property
        def facts(self) -> dict[str, object]:
            raise UnreachableError("not Quoth")

    monkeypatch.setattr(subjects, "RemoteSystem", Elsewhere)
    monkeypatch.delenv("QUOTH_TOP_K", raising=False)
    for settings, top_k in ((Settings.of(top_k=4), None), (Settings.of(min_confidence=0.5), 8)):
        with pytest.raises(UnreachableError, match="not Quoth"):
            open_subject(Request(questions, settings, url="http://x", top_k=top_k))
    # Only chosen options are sent: the service has its own settings.
    assert made == [
        {"url": "http://x", "top_k": None, "min_confidence": None},
        {"url": "http://x", "top_k": 8, "min_confidence": 0.5},
    ]


def test_the_commands_top_k_and_threshold_reach_the_service(
    questions: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests: list[Request] = []

    def refuse(request: Request) -> subjects.Subject:
        requests.append(request)
        raise UnreachableError("nobody is there")

    monkeypatch.setattr(subjects, "open_subject", refuse)
    monkeypatch.setenv("QUOTH_MIN_CONFIDENCE", "0.25")
    for top_k, min_confidence in ((None, None), (3, 0.5)):
        with pytest.raises(UnreachableError):
            evaluate(dataset=questions, url="http://x", top_k=top_k, min_confidence=min_confidence)
    assert [(one.top_k, one.settings.answering.min_confidence) for one in requests] == [
        (None, 0.25),
        (3, 0.5),
    ]
