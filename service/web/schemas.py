"""Pydantic models of what goes over the wire. They are made from the service's records, never the reverse."""

from __future__ import annotations

import datetime
import re
from typing import Annotated, Any, Literal
from urllib.parse import quote

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema, model_validator

from indexer.engine import Filters
from indexer.metadata import FIELDS
from indexer.records import Article
from service.answering.answers import Answer, Citation, Quotation, ReadPassage, Reason
from service.answering.followups import Turn
from service.answering.settings import MAX_QUESTION
from service.feedback import Feedback, Quoted, Verdict
from service.web.examples import QUESTION
from service.web.operation.generations import Reload
from service.web.problems import ProblemModel

_MAX_LISTED = 1_000  # entries in a filter
_MAX_FIELDS = 100  # of one object; the most that any has is under 20


class Wire(BaseModel):
    """Base of all models: unknown fields are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _has_few_fields(cls, data: Any) -> Any:  # noqa: ANN401 - any JSON
        # Pydantic and FastAPI would describe each unknown one, at ten times the cost of reading them.
        if isinstance(data, dict) and len(data) > _MAX_FIELDS:
            raise ValueError(f"{len(data):,} fields, {_MAX_FIELDS} at most are looked at")
        return data


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _as_written(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Pydantic would read a number, or the digits of one, as seconds since 1970."""
    if isinstance(value, datetime.date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("write a date as 2024-01-31")


def _whole(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """JSON has one kind of number: 8.0 is 8."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


Day = Annotated[datetime.date, BeforeValidator(_as_written)]
# Strict: Pydantic would take `true` and "1" for the number 1 as well.
Count = Annotated[int, Field(ge=1, le=50, strict=True), BeforeValidator(_whole)]
Start = Annotated[int, Field(ge=0, strict=True), BeforeValidator(_whole)]
End = Annotated[int, Field(ge=1, strict=True), BeforeValidator(_whole)]
Share = Annotated[float, Field(ge=0, le=1, strict=True, allow_inf_nan=False)]


class FiltersModel(Wire):
    """Which articles are searched. Without a field, all are."""

    publishers: list[Annotated[str, Field(min_length=1, max_length=500)]] = Field(
        default_factory=list,
        max_length=_MAX_LISTED,
        description="Only articles of these publishers; case does not matter.",
        examples=[["Xinhua News Agency"]],
    )
    article_ids: list[Annotated[str, Field(min_length=1, max_length=2_000)]] = Field(
        default_factory=list, max_length=_MAX_LISTED, description="Only these articles."
    )
    published_from: Day | None = Field(
        default=None, description="Only articles published on this day or later; undated ones are left out."
    )
    published_to: Day | None = Field(
        default=None, description="Only articles published on this day or earlier; undated ones are left out."
    )

    def to_filters(self) -> Filters:
        """Return the indexer's filters."""
        return Filters(
            tuple(self.publishers), tuple(self.article_ids), self.published_from, self.published_to
        )


class SearchRequest(Wire):
    """A question to find passages for."""

    question: str = Field(
        description=f"1 to {MAX_QUESTION:,} characters, surrounding white space left out.",
        # Longer ones are refused with a message of our own; the schema states the limit.
        json_schema_extra={"minLength": 1, "maxLength": MAX_QUESTION, "pattern": r"[^\s\x1c-\x1f\x85]"},
        examples=[QUESTION],
    )
    top_k: Count | None = Field(
        default=None,
        description="Passages to read or return; by default as the service is set.",
    )
    filters: FiltersModel = FiltersModel()


class PreviousModel(Wire):
    """The turn before, for a question that leans on it ("And who leads it?")."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION, examples=[QUESTION])
    answer: str | None = Field(default=None, max_length=2_000, description="The words that were answered.")
    article_id: str | None = Field(
        default=None, max_length=2_000, description="The article that they were cited from."
    )

    def to_previous(self) -> Turn:
        """Make the service's own record of it."""
        return Turn(self.question, self.answer, self.article_id)


class AnswerRequest(SearchRequest):
    """A question to answer."""

    min_confidence: Share | None = Field(
        default=None,
        description="Withhold an answer below this confidence; 0 withholds none. By default the threshold "
        "that was fitted with the reader.",
    )
    previous: PreviousModel | None = Field(
        default=None,
        description="The turn before, in a conversation; a question that stands alone ignores it.",
    )


class BatchRequest(Wire):
    """Several questions; each gets its own result, a bad one a problem of its own."""

    requests: Annotated[
        list[Any],
        WithJsonSchema(
            {
                "type": "array",
                # Whatever else stands here gets a problem of its own.
                "items": {"anyOf": [{"$ref": "#/components/schemas/AnswerRequest"}, {}]},
                "minItems": 1,
            }
        ),
    ] = Field(min_length=1, examples=[[{"question": QUESTION}]])


class PassageModel(Wire):
    """A window of whole sentences: `text` is `article.text[start:end]`."""

    id: int = Field(description="The passage's number in this generation.")
    start: int = Field(description="First code point, from 0.")
    end: int = Field(description="One past the last code point.")


class CitationModel(Wire):
    """Where the words stand. Offsets are half-open and count Unicode code points of the article's text."""

    article_id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    start: int = Field(description="First code point of the answer: `article.text[start:end]` is the answer.")
    end: int = Field(description="One past the last code point of the answer.")
    quote: str = Field(description="The whole sentence or sentences that hold the answer.")
    quote_start: int
    quote_end: int
    passage: PassageModel
    sha256: str = Field(description="Hash of the article's text in UTF-8, hexadecimal.")
    prefix: str = Field(description="What stands right before the answer.")
    exact: str = Field(description="The answer again, as a W3C TextQuoteSelector has it.")
    suffix: str = Field(description="What stands right after the answer.")
    source: str = Field(description="Path of the page that shows the article with the answer marked.")

    @classmethod
    def of(cls, citation: Citation) -> CitationModel:
        """Make the wire form of a citation."""
        return cls(
            article_id=citation.article_id,
            **_metadata(citation),
            start=citation.start,
            end=citation.end,
            quote=citation.quote,
            quote_start=citation.quote_start,
            quote_end=citation.quote_end,
            passage=PassageModel(
                id=citation.passage.id, start=citation.passage.start, end=citation.passage.end
            ),
            sha256=citation.sha256,
            prefix=citation.prefix,
            exact=citation.exact,
            suffix=citation.suffix,
            source=source_path(citation.article_id, citation.start, citation.end),
        )


class QuotationModel(Wire):
    """An article's exact words, and where they stand."""

    text: str = Field(description="The article's words, unchanged.")
    confidence: float = Field(
        ge=0, le=1, description="Calibrated probability that these words answer the question."
    )
    citation: CitationModel
    other_citations: list[CitationModel] = Field(description="Further places where the same words stand.")

    @classmethod
    def of(cls, quotation: Quotation) -> QuotationModel:
        """Make the wire form of a quotation."""
        return cls(
            text=quotation.text,
            confidence=quotation.confidence,
            citation=CitationModel.of(quotation.citation),
            other_citations=[CitationModel.of(citation) for citation in quotation.other_citations],
        )


class FoundPassageModel(PassageModel):
    """A passage that was found for the question, with how it was found."""

    rank: int = Field(ge=1, description="1 is the best.")
    text: str
    article_id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    relevance: float = Field(
        description="Fused score of both searches, 0 to 1, higher is better; comparable within one question."
    )
    similarity: float = Field(description="Cosine similarity of question and passage vectors, -1 to 1.")
    bm25: float = Field(description="BM25 score of the question's terms in the passage, 0 or more.")

    @classmethod
    def of_read(cls, read: ReadPassage) -> FoundPassageModel:
        """Make the wire form of a passage that was read."""
        scored, article = read.scored, read.article
        return cls(
            id=scored.passage.id,
            start=scored.passage.start,
            end=scored.passage.end,
            rank=read.rank,
            text=scored.text,
            article_id=article.id,
            **_metadata(article),
            relevance=scored.score,
            similarity=scored.dense,
            bm25=scored.lexical,
        )


class ModelsModel(Wire):
    """What answered."""

    reader: str
    encoder: str


class AbstentionModel(Wire):
    """Why there is no answer."""

    code: Reason
    message: str


_MESSAGES = {
    Reason.NO_PASSAGES: "No passage may be searched with these filters.",
    Reason.LOW_CONFIDENCE: "The articles hold no words that are likely enough to answer this question. "
    "The passages are the nearest.",
}


class AnswerResponse(Wire):
    """An answer in an article's own words, or an abstention."""

    question: str
    answer: QuotationModel | None = Field(description="Null when the service abstains.")
    abstained: AbstentionModel | None = Field(description="Why there is no answer; null when there is one.")
    confidence: float = Field(
        ge=0, le=1, description="Confidence of the best candidate, whether it is given or withheld."
    )
    threshold: float = Field(ge=0, le=1, description="Confidence below which an answer is withheld.")
    alternatives: list[QuotationModel] = Field(
        description="Other candidates that reach the threshold, best first."
    )
    passages: list[FoundPassageModel] = Field(description="What was read for the answer, best first.")
    generation: str = Field(description="The generation of the index that answered.")
    model: ModelsModel
    request_id: str
    read_as: str | None = Field(
        default=None,
        description="The question that was answered, where it is not the one that was asked, because that "
        "leans on the turn before it.",
    )
    timings_ms: dict[str, float] = Field(
        description="Wall-clock milliseconds by stage; a question that came lately passes none, and has "
        "`total` alone."
    )

    @classmethod
    def of(cls, answer: Answer, request_id: str) -> AnswerResponse:
        """Make the wire form of an answer."""
        return cls(
            question=answer.question,
            answer=None if answer.quotation is None else QuotationModel.of(answer.quotation),
            abstained=None
            if answer.reason is None
            else AbstentionModel(code=answer.reason, message=_MESSAGES[answer.reason]),
            confidence=answer.confidence,
            threshold=answer.threshold,
            alternatives=[QuotationModel.of(quotation) for quotation in answer.alternatives],
            passages=[FoundPassageModel.of_read(read) for read in answer.passages],
            generation=answer.generation,
            model=ModelsModel(reader=answer.reader, encoder=answer.encoder),
            request_id=request_id,
            read_as=answer.read_as,
            timings_ms=dict(answer.timings_ms),
        )


class SearchResponse(Wire):
    """The passages nearest to a question, best first."""

    question: str
    passages: list[FoundPassageModel]
    generation: str
    request_id: str


class ArticleModel(Wire):
    """An article's description; what it does not say of itself is null."""

    id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    sha256: str = Field(description="Hash of the article's text in UTF-8, hexadecimal.")

    @classmethod
    def of(cls, article: Article) -> ArticleModel:
        """Make the wire form of an article's description."""
        return cls(
            id=article.id,
            **_metadata(article),
            sha256=article.sha256,
        )


class ArticleTextModel(ArticleModel):
    """An article with its text, into which every offset counts."""

    text: str
    passages: list[PassageModel]


class ArticlesResponse(Wire):
    """A page of the articles, in the order of their ids."""

    articles: list[ArticleModel]
    total: int
    offset: int
    generation: str


class QuotedModel(Wire):
    """The words that a verdict is on, as the citation gave them."""

    article_id: str = Field(max_length=2_000)
    start: Start
    end: End
    text: str = Field(min_length=1, max_length=10_000)


class FeedbackRequest(Wire):
    """What a reader says of an answer."""

    request_id: str = Field(min_length=1, max_length=64, description="Of the answer's response.")
    question: str = Field(min_length=1, max_length=MAX_QUESTION, examples=[QUESTION])
    verdict: Verdict = Field(
        description="up: right. down: wrong, or there is an answer where none was given."
    )
    reason: str | None = Field(default=None, max_length=2_000)
    answer: QuotedModel | None = Field(
        default=None, description="The words that were given; null where the service abstained."
    )

    def to_feedback(self) -> Feedback:
        """Make the service's own record of it."""
        quoted = Quoted(**self.answer.model_dump()) if self.answer else None
        return Feedback(self.request_id, self.question, self.verdict, self.reason, quoted)


class FeedbackResponse(Wire):
    """The verdict is kept."""

    id: int = Field(description="Its number, from 1.")


class StatusModel(Wire):
    """Whether the service is well."""

    status: Literal["ok"]


class ModelModel(Wire):
    """A model, known by the hash of its weights."""

    name: str
    sha256: str = Field(description="Hash of the weights, hexadecimal.")


class ReadyModel(StatusModel):
    """Able to answer, and with what."""

    generation: str = Field(description="The generation of the index that answers.")
    threshold: float = Field(
        ge=0,
        le=1,
        description="Confidence below which an answer is withheld, unless a question says otherwise.",
    )
    reader: ModelModel
    encoder: ModelModel


class ReloadModel(Wire):
    """What a look at the index folder came to."""

    outcome: Reload = Field(
        description="`swapped`: a new generation is served. `unchanged`: there is none. `refused`: there is "
        "one that cannot be served; the log says why, and the old one answers on."
    )
    generation: str = Field(description="The generation that is served now.")


class ItemResult(Wire):
    """One question's result in a batch: an answer (status 200) or a problem."""

    status: int
    answer: AnswerResponse | None = None
    problem: ProblemModel | None = None


class BatchResponse(Wire):
    """One result a question, in the order they were asked."""

    results: list[ItemResult]
    request_id: str


def _metadata(record: Article | Citation) -> dict[str, Any]:
    return {field: getattr(record.metadata, field) for field in FIELDS}


def source_path(article_id: str, start: int, end: int) -> str:
    """Return the path of the page that shows an article with a span marked."""
    return f"/articles/{quote(article_id)}?start={start}&end={end}#quote"
