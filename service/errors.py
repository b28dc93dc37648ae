"""What can go wrong between a question and its answer, as one tree.

indexer.errors.QuothError
└── ServiceError
    ├── QuestionError         the caller's question or filters: mend and ask again
    ├── ArticleUnknownError   no article by this id
    ├── FeedbackError         what a reader says cannot be kept
    ├── ReaderError           the reader's files are missing, altered or not fit
    └── CitationError         an answer does not resolve to its article: never shown, always reported
"""

from __future__ import annotations

from indexer.errors import QuothError


class ServiceError(QuothError):
    """Base of the service's errors."""


class QuestionError(ServiceError):
    """A question that cannot be asked: empty, too long, not text, or with filters that contradict.

    `field` is the part of the request at fault, as a JSON pointer.
    """

    def __init__(self, message: str, field: str = "/question") -> None:
        super().__init__(message)
        self.field = field


class ArticleUnknownError(ServiceError):
    """There is no article by this id."""


class FeedbackError(ServiceError):
    """The file that keeps feedback cannot be read or written."""


class ReaderError(ServiceError):
    """The reader cannot be loaded."""


class CitationError(ServiceError):
    """A span does not stand in its article where it says; the index and the reader disagree."""
