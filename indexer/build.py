"""A folder of articles -> the next generation of an index, embedding only what changed."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from indexer.arrays import Vectors
from indexer.corpus import ArticleSource, Failure
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.dense import DenseIndex, kind_for
from indexer.engines.faiss.index import FaissPassageIndex, check_generation, open_index
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.publication import publish, writer_lock
from indexer.engines.faiss.storage import Layout, Manifest, current_number
from indexer.engines.faiss.store import write_store
from indexer.errors import CorpusError, DamagedGenerationError, FormatVersionError, IndexMissingError
from indexer.records import Article, CharRange
from indexer.segmenter import sentence_offsets
from indexer.settings import BuildSettings, check_choice
from indexer.splitter import split


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    `new`, `changed`, `unchanged` and `removed` count articles, by id, against the generation before.
    `ignored` counts files of other types. `published` is False when nothing had changed, and the
    generation before goes on being served. `seconds` is wall-clock time.
    """

    generation: str
    published: bool
    articles: int
    passages: int
    new: int
    changed: int
    unchanged: int
    removed: int
    ignored: int
    failures: tuple[Failure, ...]
    seconds: float


class Progress(Protocol):
    """Who wants to know how far a build is."""

    def start(self, stage: str, total: int) -> None:
        """A stage begins, of `total` steps."""
        ...

    def advance(self, steps: int = 1) -> None:
        """So many more steps of the stage are done."""
        ...


class NoProgress:
    """Nobody wants to know."""

    def start(self, stage: str, total: int) -> None:
        """Do nothing."""

    def advance(self, steps: int = 1) -> None:
        """Do nothing."""


@dataclass(slots=True)
class _Draft:
    """An article on its way into the index; `vectors` is None until it is embedded."""

    article: Article
    sentences: Sequence[CharRange]
    passages: Sequence[CharRange]
    vectors: Vectors | None


def build(
    source: ArticleSource,
    out: Path,
    encoder: Encoder,
    settings: BuildSettings | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Index the articles of `source`, a `Corpus` as a rule, and publish the result in the folder `out`.

    An article whose text is already in the index keeps its vectors, under whatever name it stands; a
    file that can no longer be read keeps its last readable version and is reported; an article whose
    file is gone leaves the index.

    Raises:
        CorpusError: there is no readable article.
        WriterLockedError: another process is writing this index.
        PublishError: the disk is full or may not be written; the index is as it was.
    """
    began = time.perf_counter()
    settings = settings or BuildSettings()
    progress = progress or NoProgress()
    check_choice(settings.faiss)
    layout = Layout(out)
    if len(source) == 0:
        raise CorpusError(
            f"there are no articles in {source.name} ({source.ignored} files of other types): "
            "put .txt, .md or .html files there"
        )
    with writer_lock(layout):
        previous = _open_previous(out)
        try:
            builder = _Builder(source, encoder, settings, progress, previous)
            return builder.run(layout, began)
        finally:
            if previous is not None:
                previous.close()


def _open_previous(out: Path) -> FaissPassageIndex | None:
    """The generation to take vectors from; a damaged one is no reason not to build a sound one."""
    try:
        return open_index(out)
    except (IndexMissingError, DamagedGenerationError, FormatVersionError):
        return None


class _Builder:
    def __init__(
        self,
        source: ArticleSource,
        encoder: Encoder,
        settings: BuildSettings,
        progress: Progress,
        previous: FaissPassageIndex | None,
    ) -> None:
        self._source = source
        self._encoder = encoder
        self._settings = settings
        self._progress = progress
        self._previous = previous
        self._before = {article.id: article for article in previous.articles} if previous else {}
        self._reusable = self._find_reusable()

    def run(self, layout: Layout, began: float) -> BuildReport:
        articles, failures = self._read()
        drafts = self._split(articles)
        changes = self._compare(articles)
        manifest = self._current_if_same(layout, changes)
        published = manifest is None
        if manifest is None:
            vectors = self._embed(drafts)
            manifest = self._publish(layout, drafts, vectors)
        return BuildReport(
            generation=manifest.name,
            published=published,
            articles=manifest.articles,
            passages=manifest.passages,
            ignored=self._source.ignored,
            failures=tuple(failures),
            seconds=time.perf_counter() - began,
            **changes,
        )

    def _identity(self) -> dict[str, Any]:
        """What must be equal for passages and vectors of two generations to be the same."""
        return {
            "encoder": {
                "name": self._encoder.name,
                "sha256": self._encoder.fingerprint,
                "dimension": self._encoder.dimension,
            },
            "splitter": asdict(self._settings.splitter),
        }

    def _same_identity(self) -> bool:
        if self._previous is None:
            return False
        mine, before = self._identity(), self._previous.manifest
        return bool(
            mine["splitter"] == before.splitter and mine["encoder"]["sha256"] == before.encoder["sha256"]
        )

    def _find_reusable(self) -> dict[str, str]:
        """SHA-256 of a text -> the article of the previous generation whose passages and vectors fit it."""
        if self._previous is None or not self._same_identity():
            return {}
        return {article.sha256: article.id for article in self._previous.articles}

    def _read(self) -> tuple[list[Article], list[Failure]]:
        self._progress.start("Reading articles", len(self._source))
        failures: list[Failure] = []
        articles: list[Article] = []

        def note(failure: Failure) -> None:
            kept = [article_id for article_id in self._before if failure.covers(article_id)]
            if kept:
                articles.extend(self._before_with_text(article_id) for article_id in kept)
                failure = replace(
                    failure, reason=f"{failure.reason} (the last readable version stays in the index)"
                )
            failures.append(failure)
            self._progress.advance()

        for article in self._source.articles(note):
            articles.append(article)
            self._progress.advance()
        if not articles:
            reasons = "\n".join(f"  {failure.path}: {failure.reason}" for failure in failures)
            raise CorpusError(f"no article in {self._source.name} could be read:\n{reasons}")
        return sorted(articles, key=lambda article: article.id), failures

    def _before_with_text(self, article_id: str) -> Article:
        kept = self._previous.find_article(article_id) if self._previous else None
        if kept is None:
            raise AssertionError(f"the generation before lists {article_id} and does not hold it")
        return kept

    def _split(self, articles: Sequence[Article]) -> list[_Draft]:
        self._progress.start("Splitting into passages", len(articles))
        drafts = []
        for article in articles:
            drafts.append(self._draft(article))
            self._progress.advance()
        if not any(draft.passages for draft in drafts):
            raise CorpusError(f"the articles in {self._source.name} hold no text that could be quoted")
        return drafts

    def _draft(self, article: Article) -> _Draft:
        known = self._reusable.get(article.sha256)
        if known is not None and self._previous is not None:
            passages = self._previous.passages(known)
            vectors = self._previous.dense.vectors(passages[0].id, len(passages)) if passages else None
            return _Draft(
                article,
                self._previous.article_sentences(known),
                [(passage.start, passage.end) for passage in passages],
                vectors,
            )
        sentences = sentence_offsets(article.text, language=self._settings.splitter.language)
        offsets = split(
            article.text,
            sentences,
            self._settings.splitter,
            self._encoder.count_tokens,
            limit=self._encoder.max_tokens,
        )
        return _Draft(article, sentences, offsets, None)

    def _embed(self, drafts: Sequence[_Draft]) -> Vectors:
        fresh = [draft for draft in drafts if draft.vectors is None]
        texts = [draft.article.text[start:end] for draft in fresh for start, end in draft.passages]
        self._progress.start("Embedding passages", len(texts))
        embedded = self._encoder.encode_passages(texts, self._progress.advance)
        position = 0
        for draft in fresh:
            draft.vectors = embedded[position : position + len(draft.passages)]
            position += len(draft.passages)
        return np.concatenate([draft.vectors for draft in drafts if draft.vectors is not None])

    def _compare(self, articles: Sequence[Article]) -> dict[str, int]:
        before = self._before
        ids = {article.id for article in articles}
        known = [article for article in articles if article.id in before]
        unchanged = sum(
            article.sha256 == before[article.id].sha256 and article.metadata == before[article.id].metadata
            for article in known
        )
        return {
            "new": len(articles) - len(known),
            "changed": len(known) - unchanged,
            "unchanged": unchanged,
            "removed": len(before.keys() - ids),
        }

    def _current_if_same(self, layout: Layout, changes: dict[str, int]) -> Manifest | None:
        """The generation before, where another one would hold exactly the same."""
        if self._previous is None or changes["new"] or changes["changed"] or changes["removed"]:
            return None
        manifest = self._previous.manifest
        # If the current generation was damaged, the one opened is an older one: publish a sound one.
        current = current_number(layout) == manifest.generation
        kind = kind_for(self._settings.faiss, manifest.passages)
        return manifest if current and self._same_identity() and manifest.dense == kind else None

    def _publish(self, layout: Layout, drafts: Sequence[_Draft], vectors: Vectors) -> Manifest:
        self._progress.start("Publishing", 3)
        kind = kind_for(self._settings.faiss, len(vectors))

        def write(folder: Path) -> None:
            write_store(
                folder / Layout.CORPUS, ((draft.article, draft.sentences, draft.passages) for draft in drafts)
            )
            self._progress.advance()
            LexicalIndex.build(
                draft.article.text[start:end] for draft in drafts for start, end in draft.passages
            ).save(folder)
            self._progress.advance()
            DenseIndex.build(vectors, kind).save(folder / Layout.DENSE, folder / Layout.VECTORS)
            self._progress.advance()

        def describe(number: int, files: dict[str, dict[str, Any]]) -> Manifest:
            return Manifest(
                generation=number,
                created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                source=self._source.name,
                dense=kind,
                articles=len(drafts),
                passages=len(vectors),
                files=files,
                **self._identity(),
            )

        return publish(layout, write, describe, check_generation)
