"""Articles -> passages with vectors; texts that the previous generation holds are not embedded again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from indexer.analyzer import narrow
from indexer.arrays import Vectors
from indexer.context import passage_contexts
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import FaissPassageIndex
from indexer.records import Article, CharRange
from indexer.segmenter import sentence_offsets
from indexer.settings import SplitterSettings
from indexer.splitter import split


@dataclass(slots=True)
class SplitArticle:
    """An article with its sentences and passages.

    `contexts` holds each passage's context words. `vectors` has a row a passage, None until embedded.
    """

    article: Article
    sentences: Sequence[CharRange]
    passages: Sequence[CharRange]
    contexts: Sequence[str]
    vectors: Vectors | None

    @property
    def searched(self) -> list[str]:
        """What each passage is searched by: its context words and its own."""
        return [
            searched_text(context, self.article.text[start:end])
            for context, (start, end) in zip(self.contexts, self.passages, strict=True)
        ]


def searched_text(context: str, text: str) -> str:
    """Return what a passage is embedded and indexed as."""
    return narrow(f"{context}\n{text}" if context else text)


class PassageBuilder:
    """Splits and embeds articles.

    Passages and vectors of a text that `previous` holds are copied from there, also from another id, if they
    have the same context words and `previous` was made by the same encoder with the same splitter settings.
    """

    def __init__(
        self, encoder: Encoder, splitter: SplitterSettings, previous: FaissPassageIndex | None
    ) -> None:
        self._encoder = encoder
        self._splitter = splitter
        self._previous = previous if previous is not None and self.matches(previous) else None
        self._known: dict[str, set[str]] = {}  # SHA-256 of a text -> its articles in the previous generation
        if self._previous is not None:
            for article in self._previous.articles:
                self._known.setdefault(article.sha256, set()).add(article.id)

    @property
    def identity(self) -> dict[str, Any]:
        """The manifest's `encoder` and `splitter`: what passages and vectors depend on besides the text."""
        return {
            "encoder": {
                "name": self._encoder.name,
                "sha256": self._encoder.fingerprint,
                "dimension": self._encoder.dimension,
            },
            "splitter": asdict(self._splitter),
        }

    def matches(self, index: FaissPassageIndex) -> bool:
        """Whether an index was made by an encoder with the same weights and splitter settings."""
        mine, its = self.identity, index.manifest
        return bool(mine["splitter"] == its.splitter and mine["encoder"]["sha256"] == its.encoder["sha256"])

    def split(self, article: Article) -> SplitArticle:
        """Split an article into sentences and passages; embed nothing."""
        known = self._reused(article)
        if known is not None:
            return known
        sentences = sentence_offsets(article.text, article.segments, language=self._splitter.language)
        offsets = split(
            article.text,
            sentences,
            self._splitter,
            self._encoder.count_tokens,
            limit=self._encoder.max_tokens,
            segments=article.segments,
        )
        return SplitArticle(article, sentences, offsets, passage_contexts(article, offsets), None)

    def _reused(self, article: Article) -> SplitArticle | None:
        """The article as the previous generation has it, with its vectors where the context is the same."""
        ids = self._known.get(article.sha256, set())
        if self._previous is None or not ids:
            return None
        known = article.id if article.id in ids else min(ids)
        before = self._previous.find_article(known)
        if before is None or before.segments != article.segments:
            return None
        passages = self._previous.passages(known)
        offsets = [(passage.start, passage.end) for passage in passages]
        contexts = passage_contexts(article, offsets)
        same = contexts == [self._previous.context(passage) for passage in passages]
        vectors = self._previous.dense.vectors(passages[0].id, len(passages)) if same and passages else None
        return SplitArticle(article, self._previous.article_sentences(known), offsets, contexts, vectors)

    def embed(
        self, articles: Sequence[SplitArticle], start: Callable[[int], None], advance: Callable[[int], None]
    ) -> Vectors:
        """Embed the passages that have no vectors yet and return those of all, in order.

        `start` is called once with the number of passages to embed, `advance` with each number done.
        """
        fresh = [one for one in articles if one.vectors is None]
        texts = [text for one in fresh for text in one.searched]
        start(len(texts))
        embedded = self._encoder.encode_passages(texts, advance)
        position = 0
        for one in fresh:
            one.vectors = embedded[position : position + len(one.passages)]
            position += len(one.passages)
        return np.concatenate([one.vectors for one in articles if one.vectors is not None])
