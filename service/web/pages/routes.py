"""`/`, where a person asks, and `/articles/{id}`, where the quoted place stands marked in its article."""

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
from service.answering.answers import Citation
from service.errors import ArticleUnknownError, QuestionError
from service.web.examples import QUESTION
from service.web.operation.observation import ANSWERS
from service.web.pages.originals import original_link
from service.web.routes import AdmissionDependency, AnswererDependency
from service.web.schemas import source_path

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
    """Show the form, and below it the answer to `q` if there is one."""
    answer = error = None
    if q.strip():
        try:
            async with admission.admit(gone=request.is_disconnected) as ticket:
                answer = await ticket.run(answerer.answer, q)
            request.scope[ANSWERS].append(answer)
        except QuestionError as mistake:
            if not _is_for_people(request):
                raise
            error = str(mistake)
    page = _templates.get_template("ask.html").render(
        question=q,
        answer=answer,
        error=error,
        parts=split_quote(answer.quotation.citation) if answer and answer.quotation else None,
        info=answerer.index.info,
        articles=answerer.index.articles[:20],
        examples=EXAMPLES if _ships_seeds(answerer) else (),
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
    """Show an article, with `start` to `end` marked if they lie within it."""
    try:
        article = answerer.article(article_id)
    except ArticleUnknownError:
        if not _is_for_people(request):
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
    """The pages' one style sheet."""
    return Response(_STYLE, media_type="text/css")


@router.get("/icon.svg")
async def icon() -> Response:
    """The pages' icon."""
    return Response(_ICON, media_type="image/svg+xml")


def split_quote(citation: Citation) -> tuple[str, str, str]:
    """Return the quoted sentence before the answer, the answer, and the sentence after it."""
    start = citation.start - citation.quote_start
    end = citation.end - citation.quote_start
    return citation.quote[:start], citation.quote[start:end], citation.quote[end:]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A line of an article for showing, as runs of `(words, marked, first marked)`.

    `aside` tells that it is boilerplate, which is shown but never quoted.
    """

    runs: tuple[tuple[str, bool, bool], ...]
    aside: bool


def paragraphs(text: str, span: tuple[int, int] | None) -> list[Paragraph]:
    """Cut a text into its lines for showing, with `span` marked wherever it runs through them."""
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


def _is_for_people(request: Request) -> bool:
    """Tell whether a browser opens a page; whatever else asks gets its errors as problems."""
    return "text/html" in request.headers.get("accept", "").lower()


def _ships_seeds(answerer: AnswererDependency) -> bool:
    return answerer.index.find_article("000-pakistan-bucic-delegation.txt") is not None
