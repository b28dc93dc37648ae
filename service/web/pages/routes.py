"""The pages: `/` to ask a question, `/articles/{id}` to read an article with a quotation marked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from indexer.boilerplate import is_boilerplate
from service.answering.answers import Reason
from service.errors import ArticleUnknownError, QuestionError
from service.presentation import POLARITIES, present
from service.web.examples import QUESTION
from service.web.operation.observation import ANSWERS
from service.web.pages.originals import original_link
from service.web.routes import AdmissionDependency, AnswererDependency
from service.web.schemas.answers import MESSAGES, source_path

_HERE = Path(__file__).parent
_STYLE = (_HERE / "style.css").read_bytes()
_ICON = (_HERE / "icon.svg").read_bytes()

router = APIRouter(include_in_schema=False)

_templates = Environment(
    loader=FileSystemLoader(_HERE),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_templates.globals["source_path"] = source_path
_templates.globals["polarities"] = POLARITIES

# With these reasons nothing was asked that the articles could say.
_NOT_ASKED = {Reason.SMALL_TALK, Reason.ABOUT_THE_SERVICE, Reason.SUMMARY_REQUEST, Reason.INCOMPLETE}

EXAMPLES = (
    QUESTION,
    "What is the Fiber One project?",
    "When was CPEC launched?",
)


@router.get("/")
async def ask(
    request: Request,
    answerer: AnswererDependency,
    admission: AdmissionDependency,
    q: Annotated[str, Query(description="The question.")] = "",
) -> HTMLResponse:
    """Show the form, and the answer to `q` if it is given."""
    answer = error = None
    if q.strip():
        try:
            async with admission.admit(gone=request.is_disconnected) as ticket:
                answer = await ticket.run(answerer.answer, q)
            request.scope[ANSWERS].append(answer)
        except QuestionError as mistake:
            if not _wants_page(request):
                raise
            error = str(mistake)
    page = _templates.get_template("ask.html").render(
        question=q,
        answer=answer,
        error=error,
        not_asked=_NOT_ASKED,
        message=MESSAGES[answer.reason] if answer and answer.reason else None,
        shown=present(answer) if answer else None,
        info=answerer.index.info,
        articles=answerer.index.articles[:20],
        examples=EXAMPLES if _has_seeds(answerer) else (),
    )
    return HTMLResponse(page, status_code=422 if error else 200, headers={"cache-control": "no-store"})


@router.get("/articles/{article_id:path}")
def source(
    article_id: str,
    request: Request,
    answerer: AnswererDependency,
    start: Annotated[int | None, Query(ge=0)] = None,
    end: Annotated[int | None, Query(ge=0)] = None,
) -> HTMLResponse:
    """Show an article, with `start` to `end` marked if the span is within it."""
    try:
        article = answerer.article(article_id)
    except ArticleUnknownError:
        if not _wants_page(request):
            raise
        page = _templates.get_template("missing.html").render(article_id=article_id)
        return HTMLResponse(page, status_code=404)
    marked = start is not None and end is not None and start < end <= len(article.text)
    span = (start or 0, end or 0) if marked else None
    page = _templates.get_template("article.html").render(
        article=article,
        paragraphs=paragraphs(article.text, span),
        span=span,
        original=original_link(article.metadata.url, article.text, span),
    )
    return HTMLResponse(page)


@router.get("/style.css")
async def style() -> Response:
    """Return the pages' style sheet."""
    return Response(_STYLE, media_type="text/css")


@router.get("/icon.svg")
async def icon() -> Response:
    """Return the pages' icon."""
    return Response(_ICON, media_type="image/svg+xml")


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of an article as runs of `(text, marked, first marked run)`.

    `boilerplate` is shown but never quoted.
    """

    runs: tuple[tuple[str, bool, bool], ...]
    boilerplate: bool


def paragraphs(text: str, span: tuple[int, int] | None) -> list[Paragraph]:
    """Return the lines of a text that are not blank, with the parts within `span` marked."""
    low, high = span or (0, 0)
    shown: list[Paragraph] = []
    first = True
    for match in re.finditer(r"[^\n]*\S[^\n]*", text):
        inside = (cut for cut in (low, high) if match.start() < cut < match.end())
        runs: list[tuple[str, bool, bool]] = []
        for begin, stop in pairwise(sorted({match.start(), match.end(), *inside})):
            marked = low <= begin and stop <= high
            runs.append((text[begin:stop], marked, marked and first))
            first = first and not marked
        shown.append(Paragraph(tuple(runs), is_boilerplate(match[0])))
    return shown


def _wants_page(request: Request) -> bool:
    """Return whether a browser opens a page; all other clients get errors as problems."""
    return "text/html" in request.headers.get("accept", "").lower()


def _has_seeds(answerer: AnswererDependency) -> bool:
    return answerer.index.find_article("000-pakistan-bucic-delegation.txt") is not None
