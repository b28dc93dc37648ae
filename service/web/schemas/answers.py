"""Answers, abstentions, citations and the passages behind them."""

from __future__ import annotations

import datetime
from urllib.parse import quote

from pydantic import Field

from service.answering.answers import Answer, Citation, Polarity, Quotation, ReadPassage, Reason
from service.web.problems import ProblemModel
from service.web.schemas.articles import PassageModel
from service.web.schemas.base import Wire, metadata_fields

MESSAGES = {
    Reason.NO_PASSAGES: "No passage matches these filters.",
    Reason.LOW_CONFIDENCE: "No words in the articles are likely enough to answer this question. "
    "The passages are the nearest ones.",
    Reason.SMALL_TALK: "This is not a question about the articles. Ask for a fact, such as who, when, where "
    "or how many: the answer is given in an article's own words.",
    Reason.ABOUT_THE_SERVICE: "Quoth answers questions about the articles, in their own words and with the "
    "source. Ask for a fact, such as who, when, where, why or how many.",
    Reason.SUMMARY_REQUEST: "Quoth writes nothing of its own, so it does not summarise, explain or "
    "translate. It answers in the articles' own words: ask for a fact that an article states.",
    Reason.INCOMPLETE: "The question cannot be understood without more. Ask it in full, with the name of "
    "what it is about.",
    Reason.NEGATED: "The question asks for what is not so, and no article states that. The alternatives are "
    "what the articles state instead.",
    Reason.OTHER_LANGUAGE: "The question does not seem to be in English, and no words in the articles are "
    "likely enough to answer it. Ask in the language of the articles.",
}
"""What the user reads if there is no answer, by the reason."""


class CitationModel(Wire):
    """Where an answer stands. Offsets are half-open and count Unicode code points of the article's text."""

    article_id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    modified: datetime.date | None
    start: int = Field(description="First code point of the answer: `article.text[start:end]` is the answer.")
    end: int = Field(description="One past the last code point of the answer.")
    quote: str = Field(description="The whole sentence or sentences that hold the answer.")
    quote_start: int
    quote_end: int
    passage: PassageModel
    sha256: str = Field(description="SHA-256 of the article's text in UTF-8, hexadecimal.")
    prefix: str = Field(description="The text right before the answer.")
    exact: str = Field(description="The answer again. With prefix and suffix: a W3C TextQuoteSelector.")
    suffix: str = Field(description="The text right after the answer.")
    source: str = Field(description="Path of the page that shows the article with the answer marked.")

    @classmethod
    def of(cls, citation: Citation) -> CitationModel:
        """Make the model of a citation."""
        return cls(
            article_id=citation.article_id,
            **metadata_fields(citation),
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
    """An article's exact words with their citation."""

    text: str = Field(description="The article's words, unchanged.")
    confidence: float = Field(
        ge=0, le=1, description="Calibrated probability that these words answer the question."
    )
    citation: CitationModel
    other_citations: list[CitationModel] = Field(description="Other places with the same words.")
    part: str | None = Field(
        default=None, description="The part of the question that these words answer; null for all of it."
    )
    polarity: Polarity | None = Field(
        default=None,
        description="What these words say to a yes/no question; null for others, and if that is unsure.",
    )

    @classmethod
    def of(cls, quotation: Quotation) -> QuotationModel:
        """Make the model of a quotation."""
        return cls(
            text=quotation.text,
            confidence=quotation.confidence,
            citation=CitationModel.of(quotation.citation),
            other_citations=[CitationModel.of(citation) for citation in quotation.other_citations],
            part=quotation.part,
            polarity=quotation.polarity,
        )


class FoundPassageModel(PassageModel):
    """A passage that was found for the question, with its article and scores."""

    rank: int = Field(ge=1, description="1 is the best.")
    text: str
    article_id: str
    title: str | None
    publisher: str | None
    author: str | None
    published: datetime.date | None
    url: str | None
    modified: datetime.date | None
    relevance: float = Field(
        description="Fused score of both searches, 0 to 1, higher is better; comparable within one question."
    )
    similarity: float = Field(description="Cosine similarity of question and passage vectors, -1 to 1.")
    bm25: float = Field(description="BM25 score of the question's terms in the passage, 0 or more.")

    @classmethod
    def of_read(cls, read: ReadPassage) -> FoundPassageModel:
        """Make the model of a passage that was read."""
        scored, article = read.scored, read.article
        return cls(
            id=scored.passage.id,
            start=scored.passage.start,
            end=scored.passage.end,
            rank=read.rank,
            text=scored.text,
            article_id=article.id,
            **metadata_fields(article),
            relevance=scored.score,
            similarity=scored.dense,
            bm25=scored.lexical,
        )


class ModelsModel(Wire):
    """Names of the models that answered."""

    reader: str
    encoder: str


class AbstentionModel(Wire):
    """Why the service abstains."""

    code: Reason
    message: str


class AnswerResponse(Wire):
    """An answer in an article's own words, or an abstention."""

    question: str
    answer: QuotationModel | None = Field(description="Null when the service abstains.")
    answers: list[QuotationModel] = Field(
        description="Everything the question asks for, each a quotation of its own: `answer` first, or, "
        "where `answer` is an enumeration, its items. Empty when the service abstains."
    )
    unanswered: list[str] = Field(
        description="Parts of the question that have no answer, where other parts have one."
    )
    abstained: AbstentionModel | None = Field(
        description="Why the service abstains; null when there is an answer."
    )
    confidence: float = Field(
        ge=0, le=1, description="Confidence of the best candidate, also when the service abstains."
    )
    threshold: float = Field(ge=0, le=1, description="Confidence below which the service abstains.")
    alternatives: list[QuotationModel] = Field(
        description="Other candidates, best first: those that reach the threshold, or, with an "
        "abstention, those that were rejected."
    )
    passages: list[FoundPassageModel] = Field(description="The passages that were read, best first.")
    generation: str = Field(description="The generation of the index that answered.")
    model: ModelsModel
    request_id: str
    read_as: str | None = Field(
        default=None,
        description="The question that was answered, where a follow-up question was rewritten; else null.",
    )
    timings_ms: dict[str, float] = Field(
        description="Wall-clock milliseconds by stage. A cache hit skips every stage and has `total` alone."
    )

    @classmethod
    def of(cls, answer: Answer, request_id: str) -> AnswerResponse:
        """Make the model of an answer."""
        return cls(
            question=answer.question,
            answer=None if answer.quotation is None else QuotationModel.of(answer.quotation),
            answers=[QuotationModel.of(quotation) for quotation in answer.answers],
            unanswered=[*answer.unanswered],
            abstained=None
            if answer.reason is None
            else AbstentionModel(code=answer.reason, message=MESSAGES[answer.reason]),
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


class ItemResult(Wire):
    """One question's result in a batch: an answer (status 200) or a problem."""

    status: int
    answer: AnswerResponse | None = None
    problem: ProblemModel | None = None


class BatchResponse(Wire):
    """One result for each question, in the order of the request."""

    results: list[ItemResult]
    request_id: str


def source_path(article_id: str, start: int, end: int) -> str:
    """Return the path of the page that shows an article with a span marked."""
    return f"/articles/{quote(article_id)}?start={start}&end={end}#quote"
