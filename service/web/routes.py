"""The JSON endpoints. What computes waits for its turn; the rest is quick, and runs beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Any

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.exceptions import HTTPException

from indexer.errors import QuothError
from service.answering.answerer import Answerer, check_question
from service.errors import QuestionError
from service.feedback import Feedback, FeedbackStore
from service.web import problems
from service.web.access.throttling import charge
from service.web.operation.admission import Admission
from service.web.operation.generations import Reloader, Serving
from service.web.operation.metrics import MEDIA_TYPE, Metrics
from service.web.operation.observation import ANSWERS
from service.web.schemas import (
    AnswerRequest,
    AnswerResponse,
    ArticleModel,
    ArticlesResponse,
    ArticleTextModel,
    BatchRequest,
    BatchResponse,
    FeedbackRequest,
    FeedbackResponse,
    FoundPassageModel,
    ItemResult,
    ModelModel,
    PassageModel,
    ReadyModel,
    ReloadModel,
    SearchRequest,
    SearchResponse,
    StatusModel,
)
from service.web.settings import WebSettings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}},
    }
    for status, description in {
        400: "The body is no JSON in UTF-8, or nested too deeply.",
        401: "A key is needed.",
        403: "The key, or the page that sends this, does not open this.",
        408: "The body took too long to arrive.",
        413: "The body is too large.",
        422: "The request is not valid; the problem names each fault.",
        429: "Too many requests; Retry-After says when to ask again.",
        500: "Something went wrong; the problem's request_id finds it in the log.",
        503: "Too many questions wait, or the service stops; Retry-After says when to ask again.",
    }.items()
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {**PROBLEMS[422], "description": "There is no such article."},
}

router = APIRouter(responses=PROBLEMS)


# The dependencies are coroutines so that they need no thread: /readyz answers while all are busy.


async def get_answerer(request: Request) -> AsyncIterator[Answerer]:
    """Lend the answerer that is served now to this request, until its response has been sent."""
    serving: Serving = request.app.state.serving
    with serving.lease() as answerer:
        yield answerer


async def get_settings(request: Request) -> WebSettings:
    """Return the application's settings."""
    settings: WebSettings = request.app.state.settings
    return settings


async def get_admission(request: Request) -> Admission:
    """Return the queue before whatever computes."""
    admission: Admission = request.app.state.admission
    return admission


AnswererDependency = Annotated[Answerer, Depends(get_answerer)]
SettingsDependency = Annotated[WebSettings, Depends(get_settings)]
AdmissionDependency = Annotated[Admission, Depends(get_admission)]


@router.post("/v1/answer", tags=["answers"], summary="Answer a question")
async def answer(
    body: AnswerRequest, request: Request, answerer: AnswererDependency, admission: AdmissionDependency
) -> AnswerResponse:
    """Answer in an article's exact words with a citation, or abstain and show the nearest passages."""
    async with admission.admit(gone=request.is_disconnected) as ticket:
        return await ticket.run(_answer, body, request, answerer)


@router.post("/v1/answers", tags=["answers"], summary="Answer several questions")
async def answers(
    body: BatchRequest,
    request: Request,
    answerer: AnswererDependency,
    settings: SettingsDependency,
    admission: AdmissionDependency,
) -> BatchResponse:
    """Answer each question of a batch by itself: a bad one gets a problem, the others their answers."""
    asked = len(body.requests)
    if asked > settings.requests.max_batch:
        raise RequestValidationError(
            [
                {
                    "loc": ("body", "requests"),
                    "msg": f"{asked} questions, {settings.requests.max_batch} are allowed at once",
                }
            ]
        )
    charge(request, asked)
    items = [_read_item(item, request) for item in body.requests]
    valid = [item for item in items if isinstance(item, AnswerRequest)]
    given: list[ItemResult] = []
    if valid:
        async with admission.admit(len(valid), gone=request.is_disconnected) as ticket:
            given = await ticket.run_all(lambda item: _answer_item(item, request, answerer), valid)
    in_turn = iter(given)
    results = [item if isinstance(item, ItemResult) else next(in_turn) for item in items]
    return BatchResponse(results=results, request_id=problems.request_id(request))


@router.post("/v1/search", tags=["answers"], summary="Find passages")
async def search(
    body: SearchRequest, request: Request, answerer: AnswererDependency, admission: AdmissionDependency
) -> SearchResponse:
    """Return the passages nearest to a question, best first, without reading them for an answer."""
    async with admission.admit(gone=request.is_disconnected, paced=False) as ticket:
        return await ticket.run(_search, body, request, answerer)


@router.post("/v1/feedback", tags=["feedback"], summary="Say whether an answer is right", status_code=201)
def feedback(
    body: FeedbackRequest, answerer: AnswererDependency, settings: SettingsDependency
) -> FeedbackResponse:
    """Keep a reader's verdict on an answer, for the evaluation; an article must hold the answer's words."""
    given = body.to_feedback()
    check_quoted(given, answerer)
    return FeedbackResponse(id=FeedbackStore(settings.feedback).add(given))


@router.get("/v1/articles", tags=["articles"], summary="List the articles")
def articles(
    answerer: AnswererDependency,
    offset: Annotated[int, Query(ge=0, description="Articles to leave out from the start.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="Articles to return, at most.")] = 100,
) -> ArticlesResponse:
    """List the articles of the generation, described but without their texts."""
    listed = answerer.index.articles
    return ArticlesResponse(
        articles=[ArticleModel.of(article) for article in listed[offset : offset + limit]],
        total=len(listed),
        offset=offset,
        generation=answerer.index.info.generation,
    )


@router.get(
    "/v1/articles/{article_id:path}", tags=["articles"], summary="Get an article", responses=_NOT_FOUND
)
def article(article_id: str, answerer: AnswererDependency) -> ArticleTextModel:
    """Return an article with the text that every offset counts into, and its passages."""
    found = answerer.article(article_id)
    return ArticleTextModel(
        **ArticleModel.of(found).model_dump(),
        text=found.text,
        passages=[
            PassageModel(id=passage.id, start=passage.start, end=passage.end)
            for passage in answerer.index.passages(article_id)
        ],
    )


@router.get("/livez", tags=["health"], summary="Is the process alive?")
async def livez() -> StatusModel:
    """Answer as long as the process runs."""
    return StatusModel(status="ok")


@router.get("/readyz", tags=["health"], summary="Can it answer?")
async def readyz(answerer: AnswererDependency, request: Request) -> ReadyModel:
    """Answer while requests are taken, and say with which index and models they are answered."""
    if request.app.state.lifecycle.stopping:
        raise HTTPException(503)
    return ReadyModel(
        status="ok",
        generation=answerer.index.info.generation,
        threshold=answerer.threshold,
        **{role: ModelModel(**model) for role, model in answerer.models.items()},
    )


@router.get(
    "/metrics",
    tags=["administration"],
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Return what has been counted and timed since the start, in Prometheus's text format."""
    kept: Metrics = request.app.state.metrics
    return Response(kept.exposition(), media_type=MEDIA_TYPE)


@router.post("/v1/admin/reload", tags=["administration"], summary="Look for a new generation now")
async def reload(request: Request) -> ReloadModel:
    """Serve what the index folder has come to name, without waiting for the next look at it."""
    reloader: Reloader = request.app.state.reloader
    outcome = await anyio.to_thread.run_sync(reloader.check)
    serving: Serving = request.app.state.serving
    with serving.lease() as answerer:
        return ReloadModel(outcome=outcome, generation=answerer.index.info.generation)


def _answer(body: AnswerRequest, request: Request, answerer: Answerer) -> AnswerResponse:
    given = answerer.answer(
        body.question,
        top_k=body.top_k,
        filters=body.filters.to_filters(),
        min_confidence=body.min_confidence,
        previous=body.previous.to_previous() if body.previous else None,
    )
    request.scope[ANSWERS].append(given)
    return AnswerResponse.of(given, problems.request_id(request))


def _search(body: SearchRequest, request: Request, answerer: Answerer) -> SearchResponse:
    found = answerer.search(body.question, top_k=body.top_k, filters=body.filters.to_filters())
    return SearchResponse(
        question=body.question.strip(),
        passages=[FoundPassageModel.of_read(read) for read in found],
        generation=answerer.index.info.generation,
        request_id=problems.request_id(request),
    )


def check_quoted(given: Feedback, answerer: Answerer) -> None:
    """Refuse words that do not stand where they are said to.

    Raises:
        QuestionError: there is no such article, or it has other words at this place.
    """
    quoted = given.quoted
    if quoted is None:
        return
    article = answerer.index.find_article(quoted.article_id)
    # A slice takes an end beyond the text, which no database and no evaluation would.
    fits = article is not None and quoted.end <= len(article.text)
    if article is None or not fits or article.text[quoted.start : quoted.end] != quoted.text:
        raise QuestionError(
            "these words do not stand there in this article: send the answer as its citation has it",
            "/answer",
        )


def _read_item(item: Any, request: Request) -> AnswerRequest | ItemResult:  # noqa: ANN401 - any JSON
    try:
        read = AnswerRequest.model_validate(item)
        check_question(read.question)
    except ValidationError as error:
        described = problems.of_validation(request, error.errors(include_input=False, include_url=False))
    except QuestionError as error:
        described = problems.of_quoth_error(request, error)
    else:
        return read
    return ItemResult(status=described.status, problem=described)


def _answer_item(item: AnswerRequest, request: Request, answerer: Answerer) -> ItemResult:
    try:
        return ItemResult(status=200, answer=_answer(item, request, answerer))
    except QuothError as error:
        described = problems.of_quoth_error(request, error)
        return ItemResult(status=described.status, problem=described)
