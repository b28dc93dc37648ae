"""The JSON endpoints. Answers and searches wait for a slot in the queue; all others respond at once."""

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
from service.web.schemas.answers import (
    AnswerResponse,
    BatchResponse,
    FoundPassageModel,
    ItemResult,
    SearchResponse,
)
from service.web.schemas.articles import ArticleModel, ArticlesResponse, ArticleTextModel, PassageModel
from service.web.schemas.feedback import FeedbackRequest, FeedbackResponse
from service.web.schemas.operation import ModelModel, ReadyModel, ReloadModel, StatusModel
from service.web.schemas.questions import AnswerRequest, BatchRequest, SearchRequest
from service.web.settings import WebSettings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}},
    }
    for status, description in {
        400: "The body is not JSON in UTF-8, or is nested too deeply.",
        401: "A key is needed.",
        403: "The key has another scope, or the page that sent the request is not allowed to.",
        408: "The body took too long to arrive.",
        413: "The body is too large.",
        422: "The request is not valid; the problem names each error.",
        429: "Too many requests; Retry-After says when to try again.",
        500: "An internal error; find it in the log by the problem's request_id.",
        503: "The queue is full, or the service is stopping; Retry-After says when to try again.",
    }.items()
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {**PROBLEMS[422], "description": "There is no such article."},
}

router = APIRouter(responses=PROBLEMS)


# The dependencies are coroutines, which need no thread: /readyz answers while all threads are busy.


async def get_answerer(request: Request) -> AsyncIterator[Answerer]:
    """Yield the current answerer, which stays open until the response has been sent."""
    serving: Serving = request.app.state.serving
    with serving.lease() as answerer:
        yield answerer


async def get_settings(request: Request) -> WebSettings:
    """Return the application's settings."""
    settings: WebSettings = request.app.state.settings
    return settings


async def get_admission(request: Request) -> Admission:
    """Return the queue that answers and searches wait in."""
    admission: Admission = request.app.state.admission
    return admission


AnswererDependency = Annotated[Answerer, Depends(get_answerer)]
SettingsDependency = Annotated[WebSettings, Depends(get_settings)]
AdmissionDependency = Annotated[Admission, Depends(get_admission)]


@router.post("/v1/answer", tags=["answers"], summary="Answer a question")
async def answer(
    body: AnswerRequest, request: Request, answerer: AnswererDependency, admission: AdmissionDependency
) -> AnswerResponse:
    """Answer in an article's exact words with a citation, or abstain and return the nearest passages."""
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
    """Answer each question of a batch on its own; an invalid one gets a problem, the others are answered."""
    asked = len(body.requests)
    if asked > settings.requests.max_batch:
        raise RequestValidationError(
            [
                {
                    "loc": ("body", "requests"),
                    "msg": f"{asked} questions; at most {settings.requests.max_batch} are allowed at once",
                }
            ]
        )
    charge(request, asked)
    items = [_read_item(item, request) for item in body.requests]
    valid = [item for item in items if isinstance(item, AnswerRequest)]
    answered: list[ItemResult] = []
    if valid:
        async with admission.admit(len(valid), gone=request.is_disconnected) as ticket:
            answered = await ticket.run_all(lambda item: _answer_item(item, request, answerer), valid)
    remaining = iter(answered)
    results = [item if isinstance(item, ItemResult) else next(remaining) for item in items]
    return BatchResponse(results=results, request_id=problems.request_id(request))


@router.post("/v1/search", tags=["answers"], summary="Find passages")
async def search(
    body: SearchRequest, request: Request, answerer: AnswererDependency, admission: AdmissionDependency
) -> SearchResponse:
    """Return the passages nearest to a question, best first, without reading them for an answer."""
    async with admission.admit(gone=request.is_disconnected, measured=False) as ticket:
        return await ticket.run(_search, body, request, answerer)


@router.post("/v1/feedback", tags=["feedback"], summary="Say whether an answer is right", status_code=201)
def feedback(
    body: FeedbackRequest, answerer: AnswererDependency, settings: SettingsDependency
) -> FeedbackResponse:
    """Store a reader's verdict for the evaluation; the answer must be in its article at its offsets."""
    given = body.to_feedback()
    check_quoted(given, answerer)
    return FeedbackResponse(id=FeedbackStore(settings.feedback).add(given))


@router.get("/v1/articles", tags=["articles"], summary="List the articles")
def articles(
    answerer: AnswererDependency,
    offset: Annotated[int, Query(ge=0, description="How many articles to skip.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="How many articles to return at most.")] = 100,
) -> ArticlesResponse:
    """List the articles of the generation with their metadata, without their texts."""
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
    """Return an article with its passages and its text, which all offsets count in."""
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


@router.get("/readyz", tags=["health"], summary="Can the service answer?")
async def readyz(answerer: AnswererDependency, request: Request) -> ReadyModel:
    """Return the generation and the models that answer; 503 while the service is stopping."""
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
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Return the counts and timings since the start, in Prometheus's text format."""
    collected: Metrics = request.app.state.metrics
    return Response(collected.exposition(), media_type=MEDIA_TYPE)


@router.post("/v1/admin/reload", tags=["administration"], summary="Check for a new generation now")
async def reload(request: Request) -> ReloadModel:
    """Serve the index folder's current generation, without waiting for the next check."""
    reloader: Reloader = request.app.state.reloader
    outcome = await anyio.to_thread.run_sync(reloader.check)
    serving: Serving = request.app.state.serving
    with serving.lease() as answerer:
        return ReloadModel(outcome=outcome, generation=answerer.index.info.generation)


def _answer(body: AnswerRequest, request: Request, answerer: Answerer) -> AnswerResponse:
    found = answerer.answer(
        body.question,
        top_k=body.top_k,
        filters=body.filters.to_filters(),
        min_confidence=body.min_confidence,
        previous=body.previous.to_turn() if body.previous else None,
    )
    request.scope[ANSWERS].append(found)
    return AnswerResponse.of(found, problems.request_id(request))


def _search(body: SearchRequest, request: Request, answerer: Answerer) -> SearchResponse:
    found = answerer.search(body.question, top_k=body.top_k, filters=body.filters.to_filters())
    return SearchResponse(
        question=body.question.strip(),
        passages=[FoundPassageModel.of_read(read) for read in found],
        generation=answerer.index.info.generation,
        request_id=problems.request_id(request),
    )


def check_quoted(given: Feedback, answerer: Answerer) -> None:
    """Refuse words that are not in the article at their offsets.

    Raises:
        QuestionError: there is no such article, or it has other words there.
    """
    quoted = given.quoted
    if quoted is None:
        return
    article = answerer.index.find_article(quoted.article_id)
    # Slicing accepts an end beyond the text; the database and the evaluation do not.
    fits = article is not None and quoted.end <= len(article.text)
    if article is None or not fits or article.text[quoted.start : quoted.end] != quoted.text:
        raise QuestionError(
            "no article has these words at these offsets: send the answer as its citation has it",
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
