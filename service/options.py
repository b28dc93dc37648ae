"""Options of the commands that ask questions, each with its setting's own default and range."""

from __future__ import annotations

from typing import Annotated

from indexer.options import setting
from service.answering.settings import AnswererSettings

TopKOption = Annotated[int | None, setting(AnswererSettings, "top_k", metavar="N")]
MinConfidenceOption = Annotated[
    float | None,
    setting(
        AnswererSettings,
        "min_confidence",
        metavar="P",
        description="Withhold an answer below this confidence, by default the threshold fitted with the "
        "reader; 0 withholds none.",
    ),
]
