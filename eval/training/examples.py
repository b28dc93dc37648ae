"""Development data -> examples: a question, a context, and where the context answers it.

The split is by group, never by question: a Wikipedia article, or a paragraph of the other sets, is
wholly in training or wholly in development. It follows from a hash of the group's own words, so it is
the same everywhere, and a paragraph that occurs twice cannot be in both.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from eval.studies.paragraphs import data_folder, load
from indexer.corpus import Failure
from indexer.records import Article

SPAN_SETS = ("wiki", "reddit", "amazon", "policy", "qed")
"""The sets with paragraphs and answer offsets, as `eval.studies.paragraphs` names them."""

DEVELOPMENT_SHARE = 0.12
"""Share of the groups held out, a set; Wikipedia's is by article, so its questions vary more."""


@dataclass(frozen=True, slots=True)
class ContextExample:
    """A question on a context. `spans` are half-open offsets into it; none means it has no answer."""

    id: str
    source: str
    question: str
    context: str
    spans: tuple[tuple[int, int], ...]

    @property
    def answers(self) -> list[str]:
        """The reference answers' words."""
        return [self.context[start:end] for start, end in self.spans]


def group_of(name: str, article: Article) -> str:
    """Return the words that name the group of a paragraph of a set, for `held_out`."""
    # Wikipedia's paragraphs share an article, and with it people and events.
    return str(article.metadata.title) if name == "wiki" else article.text


def held_out(group: str) -> bool:
    """Whether a group belongs to development."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 16**8 < DEVELOPMENT_SHARE


def span_examples(name: str, *, development: bool) -> list[ContextExample]:
    """Return one split of a set of `SPAN_SETS`.

    Raises:
        DataMissingError: the data folder or the file is not there.
    """
    source = load(name)
    articles = {article.id: article for article in source.articles(_ignore)}
    found = []
    for question in source.examples:
        article = articles[question.context or ""]
        if held_out(group_of(name, article)) == development:
            spans = tuple(trimmed(article.text, span.start, span.end) for span in question.answers)
            found.append(
                ContextExample(f"{name}-{question.id}", name, question.question, article.text, spans)
            )
    return found


def _ignore(failure: Failure) -> None:
    """No paragraph of these sets can fail."""


def trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the span without white space at its ends."""
    words = text[start:end]
    return start + len(words) - len(words.lstrip()), start + len(words.rstrip())


# Tokens that stand against their neighbour: closing marks against the one before, opening ones against
# the one after (Penn Treebank conventions).
_CLOSING = re.compile(r"^(?:[.,;:?!%)\]}]|''|'|'\w{1,2}|n't|\.\.\.)$")
_OPENING = re.compile(r"^(?:[(\[{$£#]|``|`)$")
_WORDS = {
    "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"',
}  # fmt: skip


def detokenised(tokens: list[str]) -> tuple[str, list[tuple[int, int]]]:
    """Join Penn Treebank tokens as they would be written; return the text and each token's offsets."""
    text, places, glued = "", [], True
    for token in tokens:
        escaped = token.upper() if token.upper() in _WORDS else token
        word = _WORDS.get(escaped, token)
        closing = _CLOSING.match(token) or word in {")", "]", "}"}
        if not (glued or closing):
            text += " "
        places.append((len(text), len(text) + len(word)))
        text += word
        glued = bool(_OPENING.match(token)) or word in {"(", "[", "{"}
    return text, places


def qamr_examples() -> list[ContextExample]:
    """Return QAMR's pairs over Wikinews and Wikipedia sentences, without those a validator rejected.

    The answers of the writer and of both validators are all references; answers whose tokens do not
    stand together are left out.
    """
    folder = data_folder()
    sentences = {}
    with gzip.open(folder / "qamr_wiki_sentences.tsv.gz", "rt", encoding="utf-8") as file:
        for line in file:
            key, tokens = line.rstrip("\n").split("\t")
            sentences[key] = detokenised(tokens.split(" "))
    found = []
    for name in ("qamr_dev.tsv.gz", "qamr_test.tsv.gz"):
        with gzip.open(folder / name, "rt", encoding="utf-8") as file:
            for number, line in enumerate(file):
                key, _, _, _, _, question, answer, *validations = line.rstrip("\n").split("\t")
                checked = [validation.partition(":")[2] for validation in validations]
                if key not in sentences or any(not re.fullmatch(r"[\d ]+", given) for given in checked):
                    continue
                text, places = sentences[key]
                spans = tuple(
                    (places[run[0]][0], places[run[-1]][1])
                    for run in (
                        sorted({int(token) for token in given.split()}) for given in [answer, *checked]
                    )
                    if run and run[-1] - run[0] == len(run) - 1 and run[-1] < len(places)
                )
                if spans:
                    found.append(ContextExample(f"{name[:8]}-{number}", "qamr", question, text, spans))
    return found


def squad_pairs() -> Iterator[tuple[str, str]]:
    """Yield SQuAD's training questions, each with the sentence that holds its answer; no spans are known."""
    folder = data_folder()
    with (
        gzip.open(folder / "squad_sentences.src.txt.gz", "rt", encoding="utf-8") as sentences,
        gzip.open(folder / "squad_sentences.tgt.txt.gz", "rt", encoding="utf-8") as questions,
    ):
        for sentence, question in zip(sentences, questions, strict=True):
            yield detokenised(question.split())[0], detokenised(sentence.split())[0]
