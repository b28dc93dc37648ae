"""Readers' verdicts on answers."""

from __future__ import annotations

from pydantic import Field

from service.answering.settings import MAX_QUESTION
from service.feedback import Feedback, Quoted, Verdict
from service.web.examples import QUESTION
from service.web.schemas.base import MAX_ARTICLE_ID, End, Start, Wire


class QuotedModel(Wire):
    """The answer that a verdict is about, as its citation gave it."""

    article_id: str = Field(max_length=MAX_ARTICLE_ID)
    start: Start
    end: End
    text: str = Field(min_length=1, max_length=10_000)


class FeedbackRequest(Wire):
    """A reader's verdict on an answer or an abstention."""

    request_id: str = Field(min_length=1, max_length=64, description="The response's `request_id`.")
    question: str = Field(min_length=1, max_length=MAX_QUESTION, examples=[QUESTION])
    verdict: Verdict = Field(
        description="up: right. down: wrong, or the service abstained although the articles hold an answer."
    )
    reason: str | None = Field(default=None, max_length=2_000)
    answer: QuotedModel | None = Field(
        default=None, description="The answer; null where the service abstained."
    )

    def to_feedback(self) -> Feedback:
        """Return the service's own record of it."""
        quoted = Quoted(**self.answer.model_dump()) if self.answer else None
        return Feedback(self.request_id, self.question, self.verdict, self.reason, quoted)


class FeedbackResponse(Wire):
    """The verdict is stored."""

    id: int = Field(description="Its number, from 1.")
