"""What a reader finds for questions over whole collections: the data that its confidence is fitted on.

Collections of four sizes: a question's own paragraph, the five seeds, sets of hundreds to some two thousand
paragraphs, and all sets together as one collection of about eight thousand, in which more passages are nearly
right. Public corpora are added if their folder is given (`eval.corpora`). Questions without an answer are
those that people wrote to have none (`squad2`, the seeds, the corpora), held-out questions whose own
paragraph is excluded from retrieval (`barred`), and held-out questions with a name, a number or a word
changed (`altered`).
"""

from __future__ import annotations

import functools
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from eval.corpora.questions import Question, load_questions
from eval.dataset import SEEDS, Example, load_examples
from eval.metrics import is_right, token_f1
from eval.studies.examples import ContextExample, held_out_examples
from eval.studies.paragraphs import Paragraphs, load
from eval.studies.retrieval import open_set
from eval.systems import own_paragraph
from eval.training.negatives import altered
from indexer.build import build
from indexer.corpus import ArticleSource, Corpus
from indexer.encoders.encoder import Encoder
from indexer.engine import Filters
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from indexer.records import Article, ScoredPassage
from service.answering.answerer import COMPARED
from service.answering.answers import Span
from service.answering.confidence.calibration import confidence_features
from service.answering.confidence.conditions import share_of_confidence
from service.answering.reading.reader import Reader
from service.answering.reading.spans import distinct
from service.answering.retrieval.retriever import Retriever
from service.answering.settings import AnswererSettings

SETS = ("wiki", "qed", "squad2")
"""Sets whose questions make sense without their paragraph, so a whole collection can be asked them."""

TOGETHER = ("wiki", "reddit", "amazon", "policy", "qed", "squad2")
"""The sets that are one large collection."""

LARGE = "large"
PARAGRAPHS = "own paragraph"
"""The name of the smallest collection: each question is read over its own paragraph alone."""


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate: its features, the share of its confidence that it keeps, and whether it is right.

    `right_article`: whether a cited article is a right one.
    """

    text: str
    features: dict[str, float]
    share: float
    f1: float
    right: bool
    right_article: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """A question put to a collection, and the candidates that were found, best score first.

    `corpus`: the collection; `source`: the kind of question, "wiki, barred" for example.
    """

    corpus: str
    source: str
    question: str
    answerable: bool
    candidates: tuple[Found, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a collection: what is accepted as right, and which articles may be searched."""

    source: str
    question: str
    answerable: bool
    references: Sequence[str]
    accepts: Callable[[str, str], bool]
    right_articles: frozenset[str]
    filters: Filters | None = None


def observed(
    reader: Reader, retriever: Retriever, corpus: str, asked: Asked, top_k: int | None = None
) -> Observation:
    """Put one question to a collection; `top_k` passages are read, by default as many as answering reads."""
    count = top_k or AnswererSettings().top_k
    return _read(reader, corpus, asked, retriever.retrieve(asked.question, count, asked.filters))


def _read(reader: Reader, corpus: str, asked: Asked, passages: Sequence[ScoredPassage]) -> Observation:
    groups = distinct(reader.read(asked.question, passages), COMPARED)
    found = tuple(_found(asked, groups, number, passages) for number in range(len(groups)))
    return Observation(corpus, asked.source, asked.question, asked.answerable, found)


def _found(
    asked: Asked, groups: Sequence[Sequence[Span]], number: int, passages: Sequence[ScoredPassage]
) -> Found:
    best = groups[number][0]
    # The same words may stand in several articles, and each is cited.
    cited = [span.passage.article_id for span in groups[number]]
    return Found(
        best.text,
        confidence_features(asked.question, groups, number),
        share_of_confidence(asked.question, best, passages),
        token_f1(best.text, asked.references) if asked.references else 0.0,
        any(asked.accepts(best.text, article) for article in cited),
        any(article in asked.right_articles for article in cited),
    )


def from_example(example: Example, source: str, filters: Filters | None = None) -> Asked:
    """Return how to ask an example; without answers, nothing is accepted."""

    def accepts(text: str, article: str) -> bool:
        return is_right(text, [gold.text for gold in example.answers if gold.article == article])

    articles = frozenset(gold.article for gold in example.answers)
    return Asked(source, example.question, example.answerable, example.references, accepts, articles, filters)


def everything(
    reader: Reader,
    encoder: Encoder,
    folder: Path,
    seeds: Path,
    *,
    sets: Sequence[str] = SETS,
    corpora: Path | None = None,
    limit: int | None = None,
) -> Iterator[Observation]:
    """Observe the development half over the seeds, the sets, the large collection and the public corpora.

    `folder`: where the indexes are kept. `sets`: without any, there is no large collection either. `limit`:
    the most held-out questions of each set.
    """
    yield from of_seeds(reader, encoder, seeds)
    yield from of_sets(reader, encoder, folder, sets=sets, limit=limit)
    yield from of_paragraphs(reader, encoder, sets=sets, limit=limit)
    if sets:
        yield from of_large(reader, encoder, folder, sets=sets, limit=limit)
    if corpora is not None:
        yield from of_corpora(reader, encoder, corpora, folder)


def of_sets(
    reader: Reader,
    encoder: Encoder,
    folder: Path,
    *,
    sets: Sequence[str] = SETS,
    limit: int | None = None,
) -> Iterator[Observation]:
    """Observe at most `limit` held-out questions of each set over its own paragraphs."""
    for name in sets:
        paragraphs, index = open_set(name, folder, encoder)
        retriever = Retriever(index, encoder)
        for asked in _variants(paragraphs, limit):
            yield observed(reader, retriever, name, asked)


def of_paragraphs(
    reader: Reader, encoder: Encoder, *, sets: Sequence[str] = SETS, limit: int | None = None
) -> Iterator[Observation]:
    """Observe at most `limit` held-out questions of each set over their own paragraphs (`--reader-only`)."""
    for name in sets:
        paragraphs = load(name)
        articles = _by_id(paragraphs)
        # Questions of one paragraph follow each other.
        encoded = functools.lru_cache(maxsize=1)(lambda text: encoder.encode_passages([text])[0])
        for example in _held_out(paragraphs, limit):
            article = articles[example.context or ""]
            similarity = float(np.dot(encoder.encode_query(example.question), encoded(article.text)))
            asked = from_example(example, _source(example, name, PARAGRAPHS))
            yield _read(reader, PARAGRAPHS, asked, [own_paragraph(article, similarity)])


def of_large(
    reader: Reader,
    encoder: Encoder,
    folder: Path,
    *,
    sets: Sequence[str] = SETS,
    limit: int | None = None,
) -> Iterator[Observation]:
    """Observe at most `limit` held-out questions of each set over the paragraphs of all sets together."""
    retriever = Retriever(_index(together(), folder / LARGE, encoder), encoder)
    for name in sets:
        for example in _held_out(load(name), limit):
            asked = from_example(example, _source(example, name, LARGE))
            yield observed(reader, retriever, LARGE, asked)


def of_seeds(reader: Reader, encoder: Encoder, seeds: Path, *, split: str = "dev") -> Iterator[Observation]:
    """Observe one split of the question set over the seeds."""
    with tempfile.TemporaryDirectory() as scratch:
        index = _index(Corpus(seeds), Path(scratch), encoder)
        retriever = Retriever(index, encoder)
        for example in load_examples(SEEDS, index):
            if example.split == split:
                yield observed(reader, retriever, "seeds", from_example(example, "seeds"))


def of_corpora(reader: Reader, encoder: Encoder, corpora: Path, folder: Path) -> Iterator[Observation]:
    """Observe the questions over the public corpora below `corpora` (`python -m eval.corpora --commands`)."""
    questions = [one for one in load_questions() if (corpora / one.corpus).is_dir()]
    for name in dict.fromkeys(one.corpus for one in questions):
        index = _index(Corpus(corpora / name), folder / f"corpus-{name}", encoder)
        retriever = Retriever(index, encoder)
        for question in questions:
            if question.corpus == name:
                yield observed(reader, retriever, name, _from_question(question))


def _from_question(question: Question) -> Asked:
    articles = frozenset(question.documents) if question.answerable else frozenset()
    return Asked(
        question.corpus, question.question, question.answerable, question.answers, question.accepts, articles
    )


def together() -> Paragraphs:
    """Return the paragraphs of all sets as one collection; its ids are those of the sets."""
    sets = [load(name) for name in TOGETHER]
    articles = [article for one in sets for article in one.articles(lambda _: None)]
    return Paragraphs(LARGE, articles, [example for one in sets for example in one.examples])


def _index(source: ArticleSource, folder: Path, encoder: Encoder) -> FaissPassageIndex:
    build(source, folder, encoder)
    return open_index(folder)


def _source(example: Example, *names: str) -> str:
    """Name the kind of question, by its set, its collection, and whether it has an answer."""
    return ", ".join([*names, *([] if example.answerable else ["unanswerable"])])


def _held_out(paragraphs: Paragraphs, limit: int | None) -> list[Example]:
    found = held_out_examples(paragraphs)
    # Every n-th: the first ones are all of one article.
    step = max(1, len(found) // limit) if limit else 1
    return found[::step][:limit]


def _by_id(paragraphs: Paragraphs) -> dict[str, Article]:
    return {article.id: article for article in paragraphs.articles(lambda _: None)}


def _variants(paragraphs: Paragraphs, limit: int | None) -> Iterator[Asked]:
    """Yield each held-out question as it is; with its paragraph barred and altered, if people wrote none."""
    name = paragraphs.name
    examples = _held_out(paragraphs, limit)
    articles = _by_id(paragraphs)
    for example in examples:
        yield from_example(example, _source(example, name))
    if any(not example.answerable for example in examples):
        return
    contexts = []
    for example in examples:
        paragraph = example.context or ""
        others = Filters(article_ids=(*(articles.keys() - {paragraph}),))
        yield from_example(replace(example, answers=()), f"{name}, barred", others)
        contexts.append(ContextExample(example, name, articles[paragraph].text))
    for changed in altered(contexts, 1.0, seed=0):
        yield from_example(changed.example, f"{name}, altered")


def save_observations(path: Path, found: Sequence[Observation]) -> None:
    """Write observations as JSON lines."""
    path.write_text("".join(json.dumps(asdict(one)) + "\n" for one in found), "utf-8")


def load_observations(path: Path) -> list[Observation]:
    """Read what `save_observations` wrote."""
    found = []
    for line in path.read_text("utf-8").splitlines():
        record = json.loads(line)
        candidates = tuple(Found(**one) for one in record.pop("candidates"))
        found.append(Observation(**record, candidates=candidates))
    return found
