"""Articles and their passages."""

from __future__ import annotations

import datetime

from pydantic import Field

from indexer.records import Article
from service.web.schemas.base import Wire, metadata_fields


class PassageModel(Wire):
    """A window of whole sentences: its text is `article.text[start:end]`."""

    id: int = Field(description="The passage's number in this generation.")
    start: int = Field(description="Its first code point, from 0.")
    end: int = Field(description="One past its last code point.")


class ArticleModel(Wire):
    """An article's metadata; what the article does not state is null."""

    id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    modified: datetime.date | None
    sha256: str = Field(description="SHA-256 of the article's text in UTF-8, hexadecimal.")

    @classmethod
    def of(cls, article: Article) -> ArticleModel:
        """Make the model of an article."""
        return cls(id=article.id, **metadata_fields(article), sha256=article.sha256)


class ArticleTextModel(ArticleModel):
    """An article with its text, which all offsets count in."""

    text: str
    passages: list[PassageModel]


class ArticlesResponse(Wire):
    """A page of the list of articles, which is ordered by id."""

    articles: list[ArticleModel]
    total: int
    offset: int
    generation: str
