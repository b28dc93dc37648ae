"""Training and development data: questions with a text and the spans of the text that answer them.

The split is by group, never by question: a Wikipedia article, or a paragraph of the other sets, is entirely
in training or entirely in development. It is decided by a hash of the group's own words, so it is the same
everywhere, and a paragraph that occurs twice cannot be in both.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from urllib.parse import unquote

from eval.dataset import Example, GoldSpan, question_kind
from eval.studies.paragraphs import Paragraphs, data_folder, load
from indexer.corpus import Failure
from indexer.records import Article, CharRange

SPAN_SETS = ("wiki", "reddit", "amazon", "policy", "qed")
"""The sets with paragraphs and answer offsets, as `eval.studies.paragraphs` names them."""

DEVELOPMENT_SHARE = 0.12
"""Share of each set's groups that is held out; the share of its questions is only near it."""

_SHARES = {"multispan": 0.3}
"""Of a set so small that the usual share would say nothing."""


@dataclass(frozen=True, slots=True)
class ContextExample:
    """A question with the text that it is read over; its gold spans are offsets into that text.

    `source`: the name of its data set. No gold spans: the text does not answer the question. `title`: of the
    text's article, "" if the set has none. `context`: words to read before the text, never part of an answer.
    """

    example: Example
    source: str
    text: str
    title: str = ""
    context: str = ""

    @classmethod
    def of(
        cls, key: str, source: str, question: str, text: str, spans: Sequence[CharRange] = ()
    ) -> ContextExample:
        """Return an example on a text of its own, an article whose id is the example's."""
        answers = tuple(GoldSpan(key, start, end, text[start:end]) for start, end in spans)
        kind = question_kind(question) if answers else "unanswerable"
        return cls(Example(key, question, kind, "dev", answers, context=key), source, text)

    @property
    def id(self) -> str:
        """The example's id."""
        return self.example.id

    @property
    def question(self) -> str:
        """The question's words."""
        return self.example.question

    @property
    def spans(self) -> tuple[CharRange, ...]:
        """The gold spans' offsets, half-open, in characters of `text`."""
        return tuple((gold.start, gold.end) for gold in self.example.answers)

    @property
    def references(self) -> list[str]:
        """The gold spans' words."""
        return self.example.references

    def unanswerable(
        self, suffix: str, *, question: str | None = None, text: str | None = None
    ) -> ContextExample:
        """Return a copy without gold spans, `suffix` added to its id, with another question or text."""
        example = replace(
            self.example,
            id=f"{self.id}{suffix}",
            question=self.question if question is None else question,
            kind="unanswerable",
            answers=(),
        )
        return replace(self, example=example, text=self.text if text is None else text)


def group_of(name: str, article: Article) -> str:
    """Return the words that identify a paragraph's group in a set, for `held_out`."""
    # Wikipedia's paragraphs share an article, and with it people and events.
    if name == "squad2":
        return _plain_title(article)
    return str(article.metadata.title) if name == "wiki" else article.text


def _plain_title(article: Article) -> str:
    return unquote(article.metadata.title or "").replace("_", " ")


def held_out(group: str, share: float = DEVELOPMENT_SHARE) -> bool:
    """Whether a group belongs to development, where `share` of all groups do."""
    return int(hashlib.sha256(group.encode()).hexdigest()[:8], 16) / 16**8 < share


def held_out_examples(paragraphs: Paragraphs) -> list[Example]:
    """Return those questions of a set whose group belongs to development."""
    articles = {article.id: article for article in paragraphs.articles(_ignore)}
    return [
        one for one in paragraphs.examples if held_out(group_of(paragraphs.name, articles[one.context or ""]))
    ]


def span_examples(name: str, *, development: bool) -> list[ContextExample]:
    """Return one split of a set of `SPAN_SETS` or `eval.studies.paragraphs.MORE_SETS`.

    Raises:
        DataMissingError: the data folder or the file does not exist.
    """
    source = load(name)
    articles = {article.id: article for article in source.articles(_ignore)}
    found = []
    for example in source.examples:
        article = articles[example.context or ""]
        if held_out(group_of(name, article), _SHARES.get(name, DEVELOPMENT_SHARE)) == development:
            answers = tuple(stripped(gold) for gold in example.answers)
            renamed = replace(example, id=f"{name}-{example.id}", answers=answers)
            found.append(ContextExample(renamed, name, article.text, _plain_title(article)))
    return found


def _ignore(failure: Failure) -> None:
    """No paragraph of these sets can fail."""


def stripped(gold: GoldSpan) -> GoldSpan:
    """Return the span without white space at its ends."""
    start = gold.start + len(gold.text) - len(gold.text.lstrip())
    words = gold.text.strip()
    return replace(gold, start=start, end=start + len(words), text=words)


# Tokens written without a space to their neighbour: closing marks follow the token before directly, opening
# marks precede the token after directly (Penn Treebank conventions).
_CLOSING = re.compile(r"^(?:[.,;:?!%)\]}]|''|'|'\w{1,2}|n't|\.\.\.)$")
_OPENING = re.compile(r"^(?:[(\[{$£#]|``|`)$")
_WORDS = {
    "-LRB-": "(", "-RRB-": ")", "-LSB-": "[", "-RSB-": "]", "-LCB-": "{", "-RCB-": "}", "``": '"', "''": '"',
}  # fmt: skip


def detokenised(tokens: list[str]) -> tuple[str, list[CharRange]]:
    """Join Penn Treebank tokens into ordinary text; return it and each token's offsets."""
    text, offsets, no_space = "", [], True
    for token in tokens:
        escaped = token.upper() if token.upper() in _WORDS else token
        word = _WORDS.get(escaped, token)
        closing = _CLOSING.match(token) or word in {")", "]", "}"}
        if not (no_space or closing):
            text += " "
        offsets.append((len(text), len(text) + len(word)))
        text += word
        no_space = bool(_OPENING.match(token)) or word in {"(", "[", "{"}
    return text, offsets


def qamr_examples() -> list[ContextExample]:
    """Return QAMR's pairs over Wikinews and Wikipedia sentences, without those a validator rejected.

    The answers of the writer and of both validators are all references; answers whose tokens are not
    contiguous are left out.
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
                if key not in sentences or any(not re.fullmatch(r"[\d ]+", marked) for marked in checked):
                    continue
                text, offsets = sentences[key]
                spans = tuple(
                    (offsets[run[0]][0], offsets[run[-1]][1])
                    for run in (
                        sorted({int(token) for token in marked.split()}) for marked in [answer, *checked]
                    )
                    if run and run[-1] - run[0] == len(run) - 1 and run[-1] < len(offsets)
                )
                if spans:
                    found.append(ContextExample.of(f"{name[:8]}-{number}", "qamr", question, text, spans))
    return found


def squad_pairs() -> Iterator[tuple[str, str]]:
    """Yield SQuAD's training questions, each with the sentence that holds its answer; no spans are given."""
    folder = data_folder()
    with (
        gzip.open(folder / "squad_sentences.src.txt.gz", "rt", encoding="utf-8") as sentences,
        gzip.open(folder / "squad_sentences.tgt.txt.gz", "rt", encoding="utf-8") as questions,
    ):
        for sentence, question in zip(sentences, questions, strict=True):
            yield detokenised(question.split())[0], detokenised(sentence.split())[0]
