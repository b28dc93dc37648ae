"""Fixtures of the service's tests: the seeds, indexed once with the real encoder."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import FaissPassageIndex, open_index
from indexer.records import Article, Metadata, Passage
from service.answering.answerer import Answerer
from service.answering.answers import Answer, Citation, Polarity, Quotation
from service.loading import build_answerer
from service.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def seeds_index_folder(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("seeds") / "index"
    build(Corpus(ROOT / "seeds"), out, encoder)
    return out


@pytest.fixture(scope="session")
def seeds_index(seeds_index_folder: Path) -> Iterator[FaissPassageIndex]:
    index = open_index(seeds_index_folder)
    yield index
    index.close()


@pytest.fixture(scope="session")
def answerer(seeds_index: FaissPassageIndex, encoder: Encoder) -> Answerer:
    # Shared by all tests: what one of them asked is read anew for the next.
    return build_answerer(seeds_index, encoder, Settings.of(cache_size=0))


TOWER = "tower.txt"
SURVEY = "survey.txt"
TEXTS = {
    TOWER: "Mara Ellison began the design of the lighthouse at Port Wren, which Tomas Quill finished. "
    "Its lamp has guided ships ever since.\n\n"
    "From the harbour below it the town exports timber, wool and smoked fish.",
    SURVEY: "The stairs of the lighthouse were drawn by Ines Okafor, an engineer. "
    "The tower was never painted red.",
}


@pytest.fixture(scope="session")
def sample_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The articles that `sample_answers` quote."""
    folder = tmp_path_factory.mktemp("samples") / "articles"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "metadata.toml").write_text(
        f'["{TOWER}"]\ntitle = "A tower for Port Wren"\npublisher = "The Wren Courier"\n', "utf-8"
    )
    return folder


@pytest.fixture(scope="session")
def quotation() -> Callable[..., Quotation]:
    """Words of a sample article -> a quotation of them, with the sentence that holds them."""

    def quote(name: str, words: str, confidence: float = 0.9, **fields: Any) -> Quotation:
        text = TEXTS[name]
        start = text.index(words)
        end = start + len(words)
        first = max(text.rfind(". ", 0, start) + 2, text.rfind("\n", 0, start) + 1, 0)
        if first == 1:  # no sentence ends before it
            first = 0
        last = text.index(".", end - 1) + 1
        titled = Metadata("A tower for Port Wren", "The Wren Courier") if name == TOWER else Metadata()
        return Quotation(
            words,
            confidence,
            Citation(
                article_id=name,
                metadata=titled,
                start=start,
                end=end,
                quote=text[first:last],
                quote_start=first,
                quote_end=last,
                passage=Passage(0, name, 0, len(text)),
                sha256=Article.create(name, text, titled).sha256,
                prefix=text[max(0, start - 48) : start],
                exact=words,
                suffix=text[end : end + 48],
            ),
            **fields,
        )

    return quote


@pytest.fixture(scope="session")
def sample_answers(quotation: Callable[..., Quotation]) -> Mapping[str, Answer]:
    """Answers of each shape, by name, to different questions."""

    def answered(
        question: str, *answers: Quotation, whole: Quotation | None = None, unanswered: str = ""
    ) -> Answer:
        return Answer(
            question=question,
            quotation=whole or answers[0],
            reason=None,
            confidence=answers[0].confidence,
            threshold=0.3,
            alternatives=(),
            passages=(),
            generation="gen-000001",
            encoder="encoder",
            reader="reader",
            answers=answers,
            unanswered=(unanswered,) if unanswered else (),
        )

    goods = [quotation(TOWER, words) for words in ("timber", "wool", "smoked fish")]
    begun = quotation(TOWER, "Mara Ellison", 0.91, part="who began the design")
    return {
        "one": answered("Who drew the stairs?", quotation(SURVEY, "Ines Okafor")),
        "list": answered(
            "Who worked on the lighthouse?",
            quotation(TOWER, "Mara Ellison", 0.91),
            quotation(TOWER, "Tomas Quill", 0.84),
            quotation(SURVEY, "Ines Okafor", 0.62),
        ),
        "enumeration": answered(
            "What does the town export?", *goods, whole=quotation(TOWER, "timber, wool and smoked fish")
        ),
        "missing part": answered(
            "Who began the design and what did <b>it</b> cost?", begun, unanswered="what did <b>it</b> cost"
        ),
        "parts": answered(
            "Who began the design, and who drew the stairs and finished it?",
            begun,
            quotation(SURVEY, "Ines Okafor", 0.8, part="who drew the stairs"),
            quotation(TOWER, "Tomas Quill", 0.7, part="who finished it"),
        ),
        "no": answered(
            "Was the tower ever painted red?",
            quotation(SURVEY, "The tower was never painted red.", polarity=Polarity.SAYS_NO),
        ),
        "yes": answered(
            "Does the lamp guide ships?",
            quotation(TOWER, "Its lamp has guided ships ever since.", polarity=Polarity.SAYS_YES),
        ),
    }
