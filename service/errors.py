"""What can go wrong between a question and its answer, as one tree.

indexer.errors.QuothError
└── ServiceError
    ├── QuestionError         the caller's question or filters: correct them and ask again
    ├── ArticleUnknownError   no article by this id
    ├── FeedbackError         feedback cannot be saved
    ├── OverloadedError       too many questions to answer in time: ask again later
    ├── RequestGoneError      the client has disconnected
    ├── RateError             a rate that is not valid: a caller's mistake
    ├── RateLimitedError      more requests than the rate allows: ask again later
    ├── KeyFileError          the file of API keys cannot be read, written or trusted
    ├── KeyNameError          a key's name is not plain, is taken or is unknown: a caller's mistake
    ├── ReaderError           the reader's files are missing, damaged or of another version
    └── CitationError         an answer does not resolve to its article: never shown, always reported
"""

from __future__ import annotations

from indexer.errors import QuothError


class ServiceError(QuothError):
    """Base of the service's errors."""


class QuestionError(ServiceError):
    """A question that cannot be asked: empty, too long, not text, or with contradictory filters.

    `field` is the part of the request at fault, as a JSON pointer.
    """

    def __init__(self, message: str, field: str = "/question") -> None:
        super().__init__(message)
        self.field = field


class ArticleUnknownError(ServiceError):
    """There is no article by this id."""


class FeedbackError(ServiceError):
    """The file that keeps feedback cannot be read or written."""


class OverloadedError(ServiceError):
    """Too many questions to answer in time. `retry_after`: seconds to wait before asking again."""

    def __init__(self, retry_after: int) -> None:
        super().__init__(f"too many questions to answer in time: ask again in {retry_after} s")
        self.retry_after = retry_after


class RequestGoneError(ServiceError):
    """The client has disconnected, so its question is not answered."""


class RateError(ServiceError, ValueError):
    """Not a valid rate. Also a ValueError, which Pydantic's validators may raise."""


class RateLimitedError(ServiceError):
    """More requests than the rate allows. `retry_after`: seconds to wait before asking again, at least 1."""

    def __init__(self, rate: str, retry_after: int) -> None:
        super().__init__(f"more than {rate} requests: ask again in {retry_after} s")
        self.retry_after = retry_after


class KeyFileError(ServiceError):
    """The file of API keys cannot be read, written or trusted."""


class KeyNameError(ServiceError):
    """A key's name is not plain, is taken or is unknown."""


class ReaderError(ServiceError):
    """The reader cannot be loaded."""


class CitationError(ServiceError):
    """A span's words are not in its article at its offsets; the index and the reader disagree."""
