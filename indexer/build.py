"""A folder of articles -> the next generation of an index, embedding only what changed."""

from __future__ import annotations

import datetime
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indexer.arrays import Vectors
from indexer.corpus import ArticleSource, Failure, FileWarning
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.dense import DenseIndex, kind_for
from indexer.engines.faiss.index import FaissPassageIndex, check_generation, open_index
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.publication import publish, writer_lock
from indexer.engines.faiss.storage import Layout, Manifest, current_number
from indexer.engines.faiss.store import write_store
from indexer.errors import CorpusError, DamagedGenerationError, FormatVersionError, IndexMissingError
from indexer.left_out import LeftOut, Reason
from indexer.passages import PassageBuilder, SplitArticle
from indexer.progress import NoProgress, Progress
from indexer.records import Article
from indexer.settings import BuildSettings, check_choice


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build did.

    `new`, `changed`, `unchanged` and `removed` count articles, by id, against the previous generation.
    `ignored` counts files of other types. `warnings`
    are about files that were read. `published` is False if nothing had changed: the previous
    generation stays in service. `seconds` is wall-clock time.
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
    left_out: tuple[LeftOut, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[FileWarning, ...]
    seconds: float


def build(
    source: ArticleSource,
    out: Path,
    encoder: Encoder,
    settings: BuildSettings | None = None,
    progress: Progress | None = None,
) -> BuildReport:
    """Index the articles of `source`, usually a `Corpus`, and publish the result in the folder `out`.

    A text that is already in the index keeps its vectors, also under another id. A file that can no longer
    be read is reported, and its last readable version stays in the index. An article whose file is gone
    leaves the index.

    Raises:
        CorpusError: there is no readable article.
        WriterLockedError: another process is writing this index.
        PublishError: the disk is full or not writable; the index is unchanged.
    """
    began = time.perf_counter()
    settings = settings or BuildSettings()
    progress = progress or NoProgress()
    check_choice(settings.faiss)
    layout = Layout(out)
    if len(source) == 0:
        raise CorpusError(_no_articles(source))
    with writer_lock(layout):
        previous = _open_previous(out)
        try:
            builder = _Builder(source, encoder, settings, progress, previous)
            return builder.run(layout, began)
        finally:
            if previous is not None:
                previous.close()


def _no_articles(source: ArticleSource) -> str:
    skipped = [one.path for one in source.left_out if one.path.endswith("/") and one.reason != Reason.HIDDEN]
    remedy = (
        f", or name a folder that was left out with --include: {', '.join(skipped[:3])}" if skipped else ""
    )
    return (
        f"there are no articles in {source.name} ({source.ignored} files of other types): "
        f"put .txt, .md or .html files there{remedy}"
    )


def _open_previous(out: Path) -> FaissPassageIndex | None:
    """Open the generation to reuse vectors from; None if there is none or it is damaged."""
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
        self._settings = settings
        self._progress = progress
        self._previous = previous
        self._before = {article.id: article for article in previous.articles} if previous else {}
        self._passages = PassageBuilder(encoder, settings.splitter, previous)

    def run(self, layout: Layout, began: float) -> BuildReport:
        articles, failures, warnings = self._read()
        split = self._split(articles)
        changes = self._compare(articles)
        manifest = self._current_if_same(layout, changes)
        published = manifest is None
        if manifest is None:
            vectors = self._passages.embed(
                split,
                lambda total: self._progress.start("Embedding passages", total),
                self._progress.advance,
            )
            manifest = self._publish(layout, split, vectors)
        return BuildReport(
            generation=manifest.name,
            published=published,
            articles=manifest.articles,
            passages=manifest.passages,
            ignored=self._source.ignored,
            left_out=tuple(self._source.left_out),
            failures=tuple(failures),
            warnings=tuple(warnings),
            seconds=time.perf_counter() - began,
            **changes,
        )

    def _read(self) -> tuple[list[Article], list[Failure], list[FileWarning]]:
        self._progress.start("Reading articles", len(self._source))
        failures: list[Failure] = []
        warnings: list[FileWarning] = []
        articles: list[Article] = []

        def on_failure(failure: Failure) -> None:
            kept = [article_id for article_id in self._before if failure.covers(article_id)]
            if kept:
                articles.extend(self._previous_version(article_id) for article_id in kept)
                failure = replace(
                    failure, reason=f"{failure.reason} (the last readable version stays in the index)"
                )
            failures.append(failure)
            self._progress.advance()

        for article in self._source.articles(on_failure, warnings.append):
            articles.append(article)
            self._progress.advance()
        if not articles:
            reasons = "\n".join(f"  {failure.path}: {failure.reason}" for failure in failures)
            raise CorpusError(f"no article in {self._source.name} could be read:\n{reasons}")
        return sorted(articles, key=lambda article: article.id), failures, warnings

    def _previous_version(self, article_id: str) -> Article:
        kept = self._previous.find_article(article_id) if self._previous else None
        if kept is None:
            raise AssertionError(f"the previous generation lists {article_id} but does not hold it")
        return kept

    def _split(self, articles: Sequence[Article]) -> list[SplitArticle]:
        self._progress.start("Splitting into passages", len(articles))
        split = []
        for article in articles:
            split.append(self._passages.split(article))
            self._progress.advance()
        if not any(one.passages for one in split):
            raise CorpusError(f"the articles in {self._source.name} hold no text that could be quoted")
        return split

    def _compare(self, articles: Sequence[Article]) -> dict[str, int]:
        before = self._before
        ids = {article.id for article in articles}
        known = [article for article in articles if article.id in before]
        unchanged = sum(self._is_unchanged(article) for article in known)
        return {
            "new": len(articles) - len(known),
            "changed": len(known) - unchanged,
            "unchanged": unchanged,
            "removed": len(before.keys() - ids),
        }

    def _is_unchanged(self, article: Article) -> bool:
        before = self._before[article.id]
        return (
            article.sha256 == before.sha256
            and article.metadata == before.metadata
            and article.segments == self._previous_version(article.id).segments
        )

    def _current_if_same(self, layout: Layout, changes: dict[str, int]) -> Manifest | None:
        """The current generation's manifest, if a new one would hold exactly the same."""
        if self._previous is None or changes["new"] or changes["changed"] or changes["removed"]:
            return None
        manifest = self._previous.manifest
        # If the current generation is damaged, an older one was opened: publish a sound one.
        current = current_number(layout) == manifest.generation
        kind = kind_for(self._settings.faiss, manifest.passages)
        same = current and self._passages.matches(self._previous) and manifest.dense == kind
        return manifest if same else None

    def _publish(self, layout: Layout, split: Sequence[SplitArticle], vectors: Vectors) -> Manifest:
        self._progress.start("Publishing", 3)
        kind = kind_for(self._settings.faiss, len(vectors))

        def write(folder: Path) -> None:
            write_store(
                folder / Layout.CORPUS,
                ((one.article, one.sentences, one.passages, one.contexts) for one in split),
            )
            self._progress.advance()
            LexicalIndex.build(text for one in split for text in one.searched).save(folder)
            self._progress.advance()
            DenseIndex.build(vectors, kind).save(folder / Layout.DENSE, folder / Layout.VECTORS)
            self._progress.advance()

        def describe(number: int, files: dict[str, dict[str, Any]]) -> Manifest:
            return Manifest(
                generation=number,
                created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
                source=self._source.name,
                dense=kind,
                articles=len(split),
                passages=len(vectors),
                files=files,
                **self._passages.identity,
            )

        return publish(layout, write, describe, check_generation)
