"""Requests that ask: a question, its filters, the previous turn, a batch."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import Field, WithJsonSchema, model_validator

from indexer.engine import Filters
from service.answering.questions.followups import Turn
from service.answering.settings import MAX_QUESTION
from service.web.examples import QUESTION
from service.web.schemas.base import MAX_ARTICLE_ID, Count, Day, Probability, Wire, invalid

MAX_FILTER_CHARACTERS = 100_000
"""The most characters in all publishers and article ids of one request together."""

_MAX_ENTRIES = 1_000  # in one filter


class FiltersModel(Wire):
    """Which articles are searched; all of them by default.

    `publishers` and `article_ids` may have 100,000 characters together.
    """

    publishers: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list,
        max_length=_MAX_ENTRIES,
        description="Only articles of these publishers; case is ignored.",
        examples=[["Xinhua News Agency"]],
    )
    article_ids: list[Annotated[str, Field(min_length=1, max_length=MAX_ARTICLE_ID)]] = Field(
        default_factory=list, max_length=_MAX_ENTRIES, description="Only these articles."
    )
    published_from: Day | None = Field(
        default=None,
        description="Only articles published on this day or later; articles without a date are left out.",
    )
    published_to: Day | None = Field(
        default=None,
        description="Only articles published on this day or earlier; articles without a date are left out.",
    )

    @model_validator(mode="after")
    def _is_short(self) -> Self:
        length = sum(map(len, (*self.publishers, *self.article_ids)))
        if length > MAX_FILTER_CHARACTERS:
            raise invalid(
                f"publishers and article_ids have {length:,} characters together; "
                f"at most {MAX_FILTER_CHARACTERS:,} are allowed"
            )
        return self

    def to_filters(self) -> Filters:
        """Return the indexer's filters."""
        return Filters(
            tuple(self.publishers), tuple(self.article_ids), self.published_from, self.published_to
        )


class SearchRequest(Wire):
    """A question to find passages for."""

    question: str = Field(
        description=f"1 to {MAX_QUESTION:,} characters, not counting white space around them.",
        # The service checks the length, with its own message; the schema states the limit.
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION, "pattern": r"[^\s\x1c-\x1f\x85]"},
        examples=[QUESTION],
    )
    top_k: Count | None = Field(
        default=None, description="How many passages to read or return; QUOTH_TOP_K by default."
    )
    filters: FiltersModel = FiltersModel()


class PreviousModel(Wire):
    """The previous turn of a conversation, for a follow-up question ("And who leads it?")."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION, examples=[QUESTION])
    answer: str | None = Field(default=None, max_length=2_000, description="The answer's words.")
    article_id: str | None = Field(
        default=None, max_length=MAX_ARTICLE_ID, description="The article that was cited."
    )

    def to_turn(self) -> Turn:
        """Return the service's own record of it."""
        return Turn(self.question, self.answer, self.article_id)


class AnswerRequest(SearchRequest):
    """A question to answer."""

    min_confidence: Probability | None = Field(
        default=None,
        description="Abstain below this confidence; with 0 the best candidate is always given. By default "
        "the threshold of the settings, or the one fitted with the reader.",
    )
    previous: PreviousModel | None = Field(
        default=None,
        description="The previous turn; a question that is not a follow-up ignores it.",
    )


class BatchRequest(Wire):
    """Several questions, each with its own result; an invalid one gets a problem, the others are answered."""

    requests: Annotated[
        list[Any],
        WithJsonSchema(
            {
                "type": "array",
                # Anything else gets a problem in its place.
                "items": {"anyOf": [{"$ref": "#/components/schemas/AnswerRequest"}, {}]},
                "minItems": 1,
            }
        ),
    ] = Field(min_length=1, examples=[[{"question": QUESTION}]])
