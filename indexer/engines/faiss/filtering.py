"""Filters over all articles of a generation at once, as a few operations on arrays."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from indexer.engine import Filters, fold_publisher
from indexer.records import Article

Admitted = npt.NDArray[np.bool_]

_NO_DATE = 0  # ordinals of dates begin at 1


class ArticleFilter:
    """The filterable metadata of a generation's articles, as columns.

    `articles` are in the order of their numbers, and `numbers` maps each id to its number.
    """

    def __init__(self, articles: Sequence[Article], numbers: Mapping[str, int]) -> None:
        self._numbers = numbers
        self._codes: dict[str, int] = {}
        folded: dict[str | None, int] = {}  # many articles share one publisher: each name is folded once
        publishers = np.empty(len(articles), dtype=np.int32)
        days = np.empty(len(articles), dtype=np.int32)
        for number, article in enumerate(articles):
            publisher, published = article.metadata.publisher, article.metadata.published
            if publisher not in folded:
                folded[publisher] = self._codes.setdefault(fold_publisher(publisher or ""), len(self._codes))
            publishers[number] = folded[publisher]
            days[number] = _NO_DATE if published is None else published.toordinal()
        self._publishers = publishers
        self._days = days

    def admitted(self, filters: Filters) -> Admitted:
        """Return which articles the filters admit, `bool (articles,)`."""
        found = np.ones(len(self._days), dtype=np.bool_)
        if filters.article_ids:
            known = [self._numbers[one] for one in filters.article_ids if one in self._numbers]
            found[:] = False
            found[known] = True
        if filters.publishers:
            admitted = np.zeros(len(self._codes), dtype=np.bool_)
            for name in filters.publishers:
                code = self._codes.get(fold_publisher(name))
                if code is not None:
                    admitted[code] = True
            found &= admitted.take(self._publishers)  # faster than indexing
        if filters.published_from is not None or filters.published_to is not None:
            found &= self._days != _NO_DATE
        if filters.published_from is not None:
            found &= self._days >= filters.published_from.toordinal()
        if filters.published_to is not None:
            found &= self._days <= filters.published_to.toordinal()
        return found
