"""The JSON endpoints. Handlers are plain functions, so each runs in a thread of the bounded pool."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from indexer.errors import QuothError
from service import problems
from service.answerer import Answerer
from service.errors import QuestionError
from service.feedback import Feedback, FeedbackStore
from service.schemas import (
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
    ProblemModel,
    ReadyModel,
    SearchRequest,
    SearchResponse,
    StatusModel,
)
from service.settings import Settings

PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {problems.MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemModel"}}},
    }
    for status, description in {
        413: "The body is too large.",
        422: "The request is not valid; the problem names each fault.",
        500: "Something went wrong; the problem's request_id finds it in the log.",
    }.items()
}
_NOT_FOUND: dict[int | str, dict[str, Any]] = {
    404: {**PROBLEMS[422], "description": "There is no such article."},
}

router = APIRouter(responses=PROBLEMS)


# The dependencies are coroutines so that they need no thread: /readyz answers while all are busy.


async def get_answerer(request: Request) -> Answerer:
    """Return the application's answerer."""
    answerer: Answerer = request.app.state.answerer
    return answerer


async def get_settings(request: Request) -> Settings:
    """Return the application's settings."""
    settings: Settings = request.app.state.settings
    return settings


AnswererDependency = Annotated[Answerer, Depends(get_answerer)]
SettingsDependency = Annotated[Settings, Depends(get_settings)]


@router.post("/v1/answer", tags=["answers"], summary="Answer a question")
def answer(body: AnswerRequest, request: Request, answerer: AnswererDependency) -> AnswerResponse:
    """Answer in an article's exact words with a citation, or abstain and show the nearest passages."""
    return _answer(body, request, answerer)


@router.post("/v1/answers", tags=["answers"], summary="Answer several questions")
def answers(
    body: BatchRequest, request: Request, answerer: AnswererDependency, settings: SettingsDependency
) -> BatchResponse:
    """Answer each question of a batch by itself: a bad one gets a problem, the others their answers."""
    if len(body.requests) > settings.max_batch:
        raise RequestValidationError(
            [
                {
                    "loc": ("body", "requests"),
                    "msg": f"{len(body.requests)} questions, {settings.max_batch} are allowed at once",
                }
            ]
        )
    return BatchResponse(
        results=[_item(item, request, answerer) for item in body.requests],
        request_id=problems.request_id(request),
    )


@router.post("/v1/search", tags=["answers"], summary="Find passages")
def search(body: SearchRequest, request: Request, answerer: AnswererDependency) -> SearchResponse:
    """Return the passages nearest to a question, best first, without reading them for an answer."""
    found = answerer.search(body.question, top_k=body.top_k, filters=body.filters.to_filters())
    return SearchResponse(
        question=body.question.strip(),
        passages=[FoundPassageModel.of_read(read) for read in found],
        generation=answerer.index.manifest.name,
        request_id=problems.request_id(request),
    )


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
        generation=answerer.index.manifest.name,
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
async def readyz(answerer: AnswererDependency) -> ReadyModel:
    """Answer once the index is open and the models are loaded, and say which they are."""
    return ReadyModel(
        status="ok",
        generation=answerer.index.manifest.name,
        threshold=answerer.threshold,
        **{role: ModelModel(**model) for role, model in answerer.models.items()},
    )


def _answer(body: AnswerRequest, request: Request, answerer: Answerer) -> AnswerResponse:
    given = answerer.answer(
        body.question,
        top_k=body.top_k,
        filters=body.filters.to_filters(),
        min_confidence=body.min_confidence,
        previous=body.previous.to_previous() if body.previous else None,
    )
    return AnswerResponse.of(given, problems.request_id(request))


def check_quoted(given: Feedback, answerer: Answerer) -> None:
    """Refuse words that do not stand where they are said to.

    Raises:
        QuestionError: there is no such article, or it has other words at this place.
    """
    quoted = given.quoted
    if quoted is None:
        return
    article = answerer.index.find_article(quoted.article_id)
    if article is None or article.text[quoted.start : quoted.end] != quoted.text:
        raise QuestionError(
            "these words do not stand there in this article: send the answer as its citation has it",
            "/answer",
        )


def _item(item: Any, request: Request, answerer: Answerer) -> ItemResult:  # noqa: ANN401 - any JSON
    described: ProblemModel
    try:
        return ItemResult(status=200, answer=_answer(AnswerRequest.model_validate(item), request, answerer))
    except ValidationError as error:
        described = problems.of_validation(request, error.errors(include_input=False, include_url=False))
    except QuothError as error:
        described = problems.of_quoth_error(request, error)
    return ItemResult(status=described.status, problem=described)
