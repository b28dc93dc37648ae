"""The span reader, with a real tokenizer of few words and a network with chosen logits."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer

from indexer.records import Passage, ScoredPassage
from indexer.segmenter import sentence_offsets
from service.answering.answers import Span
from service.answering.loading import MODELS, shipped_readers
from service.answering.reading.reader import Network, SpanReader, allows_long_answer
from service.answering.settings import ReaderSettings

MakeTokenizer = Callable[[], Tokenizer]
Ids = npt.NDArray[np.int64]
Logits = npt.NDArray[np.float32]


def network_of(tokenizer: Tokenizer, logits: Mapping[str, tuple[float, float]]) -> Network:
    """Give each token its chosen logits at every position, and all others 0."""
    table = np.zeros((2, tokenizer.get_vocab_size()), dtype=np.float32)
    for token, pair in logits.items():
        number = tokenizer.token_to_id(token)
        assert number is not None, token
        table[:, number] = pair

    def network(ids: Ids, mask: Ids) -> Logits:
        assert ids.shape == mask.shape
        return table[:, ids]

    return network


def scored(
    article: str, start: int, end: int, *, number: int = 0, score: float = 0.0, name: str = "a.txt"
) -> ScoredPassage:
    """`article[start:end]` as retrieval returns it."""
    sentences = tuple(
        (max(first, start), min(last, end))
        for first, last in sentence_offsets(article)
        if first < end and start < last
    )
    return ScoredPassage(Passage(number, name, start, end), article[start:end], score, 0.0, 0.0, sentences)


def shown(spans: Sequence[Span], count: int | None = None) -> list[tuple[str, int, float]]:
    return [(span.text, span.start, span.score) for span in spans[:count]]


ARTICLE = "Ada went to Rome. Bo went to Oslo, the rest to Bern."
#          0   4    9  12  16 18     26  29  33   39   44 47  51
PLACES = {"rome": (3.0, 2.0), "oslo": (1.0, 4.0), "bern": (-1.0, 1.0)}


def test_the_best_span_of_a_passage_comes_first_with_its_place_in_the_article(
    small_tokenizer: MakeTokenizer,
) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, PLACES))
    assert reader.name == "small"
    passage = scored(ARTICLE, 18, len(ARTICLE), number=7)
    spans = reader.read("Where did Bo go?", [passage])
    # "Oslo" gets 1 as a start and 4 as an end, "Bern" 1 as an end, all else 0.
    assert shown(spans, 5) == [
        ("Oslo", 29, 5.0),
        ("Bo went to Oslo", 18, 4.0),
        ("went to Oslo", 21, 4.0),
        ("to Oslo", 26, 4.0),
        ("Oslo, the rest to Bern", 29, 2.0),
    ]
    assert {span.passage for span in spans} == {passage.passage}


def with_no_answer(
    tokenizer: Tokenizer, network: Network, no_answer: Mapping[str, tuple[float, float]]
) -> Network:
    """Give rows that contain a token these logits for "no answer"."""

    def changed(ids: Ids, mask: Ids) -> Logits:
        logits = network(ids, mask).copy()
        for token, pair in no_answer.items():
            holds = (ids == tokenizer.token_to_id(token)).any(axis=1)
            logits[:, holds, 0] = np.array(pair)[:, None]
        return logits

    return changed


def test_each_passages_no_answer_score_is_subtracted_from_its_spans(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    network = with_no_answer(
        tokenizer, network_of(tokenizer, PLACES), {"rome": (4.0, 2.5), "oslo": (0.5, 0.25), "bern": (1.5, -2)}
    )
    reader = SpanReader("small", tokenizer, network)
    passages = [
        scored("Ada went to Rome.", 0, 17, number=0, name="a.txt"),
        scored("Bo went to Oslo.", 0, 16, number=1, name="b.txt"),
        scored("Bern", 0, 4, number=2, name="c.txt"),
    ]
    spans = reader.read("Where?", passages)
    # The best of each: 3 + 2 - 6.5, 1 + 4 - 0.75, -1 + 1 + 0.5.
    best = {span.passage.article_id: (span.text, span.score) for span in reversed(spans)}
    assert best == {"a.txt": ("Rome", -1.5), "b.txt": ("Oslo", 4.25), "c.txt": ("Bern", 0.5)}
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)


def test_a_passages_fused_score_is_added_by_its_weight(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    passages = [
        scored("Ada went to Rome.", 0, 17, number=0, score=0.5, name="a.txt"),
        scored("Bo went to Rome.", 0, 16, number=1, score=1.0, name="b.txt"),
    ]
    for weight, expected in [
        (0.0, [("a.txt", 5.0), ("b.txt", 5.0)]),
        (3.0, [("b.txt", 8.0), ("a.txt", 6.5)]),
        (-1.0, [("a.txt", 4.5), ("b.txt", 4.0)]),
    ]:
        settings_ = ReaderSettings(retrieval_weight=weight, spans=1)
        spans = SpanReader("small", tokenizer, network_of(tokenizer, PLACES), settings_).read(
            "Who?", passages
        )
        assert [(span.passage.article_id, span.score) for span in spans] == expected


def test_a_place_in_two_passages_counts_once_with_its_best_score(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    whole, part = scored(ARTICLE, 0, 52, number=0), scored(ARTICLE, 18, 52, number=1)
    network = with_no_answer(tokenizer, network_of(tokenizer, PLACES), {"rome": (1.5, 0.5)})
    for passages in ([whole, part], [part, whole]):
        spans = SpanReader("small", tokenizer, network).read("Where?", passages)
        assert len({(span.start, span.end) for span in spans}) == len(spans)
        assert [(one.score, one.passage.id) for one in spans if (one.start, one.end) == (29, 33)] == [
            (5.0, 1)
        ]
        # "Rome" is only in the whole text, which has the no-answer score.
        assert [(one.score, one.passage.id) for one in spans if (one.start, one.end) == (12, 16)] == [
            (3.0, 0)
        ]


def test_a_place_with_equal_scores_in_two_passages_belongs_to_the_first(
    small_tokenizer: MakeTokenizer,
) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, PLACES))
    whole, part = scored(ARTICLE, 0, 52, number=0), scored(ARTICLE, 18, 52, number=1)
    for passages in ([whole, part], [part, whole]):
        found = [one for one in reader.read("Where?", passages) if (one.start, one.end) == (29, 33)]
        assert [(one.score, one.passage) for one in found] == [(5.0, passages[0].passage)]


def test_the_same_offsets_in_two_articles_are_two_places(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, PLACES), ReaderSettings(spans=1))
    passages = [scored("Rome", 0, 4, number=number, name=f"{number}.txt") for number in range(3)]
    for order in (passages, passages[::-1]):
        # Equal scores keep the order of their passages.
        assert [span.passage for span in reader.read("Where?", order)] == [one.passage for one in order]


def test_equal_scores_in_a_passage_are_in_order_of_their_place(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, {}), ReaderSettings(spans=4))
    spans = reader.read("Where?", [scored("Ada went to Rome", 0, 16)])
    assert [span.text for span in spans] == ["Ada", "Ada went", "Ada went to", "Ada went to Rome"]


CROSSING = {"rome": (5.0, 0.0), "oslo": (0.0, 5.0)}


def test_a_span_does_not_cross_a_sentence(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, CROSSING), ReaderSettings(spans=500))
    spans = reader.read("Where did Ada go?", [scored(ARTICLE, 0, 52)])
    assert {span.start < 17 and span.end > 18 for span in spans} == {False}
    assert shown(spans, 1) == [("Rome", 12, 5.0)]


@pytest.mark.parametrize("question", ["Why did Ada go to Rome?", "Name the towns.", "What are the towns?"])
def test_a_reason_or_a_list_may_cross_sentences(small_tokenizer: MakeTokenizer, question: str) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, CROSSING))
    spans = reader.read(question, [scored(ARTICLE, 0, 52)])
    assert shown(spans, 1) == [("Rome. Bo went to Oslo", 12, 10.0)]


def test_offsets_count_from_the_start_of_the_article(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    article = "👩‍👩‍👧 Cafe\u0301! ﷽\r\n\r\n" + ARTICLE
    begins = article.index("Bo")
    reader = SpanReader("small", tokenizer, network_of(tokenizer, PLACES))
    (best, *_) = reader.read("Where?", [scored(article, begins, len(article))])
    assert (best.text, article[best.start : best.end]) == ("Oslo", "Oslo")


def test_a_span_of_part_of_a_word_is_widened_to_the_word(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    # "Rested" is r, ##e, ##s, ##t, ##e, ##d.
    network = network_of(tokenizer, {"##s": (5.0, 4.0), "##t": (0.0, 3.0)})
    reader = SpanReader("small", tokenizer, network, ReaderSettings(spans=2))
    spans = reader.read("What did Ada?", [scored("Ada rested, too.", 0, 16)])
    # Both of the best spans are parts of this word: it counts once, with the better score.
    assert shown(spans) == [("rested", 4, 9.0)]


def test_punctuation_around_a_span_is_trimmed_and_punctuation_alone_is_no_span(
    small_tokenizer: MakeTokenizer,
) -> None:
    tokenizer = small_tokenizer()
    reader = SpanReader("small", tokenizer, network_of(tokenizer, {",": (9.0, 8.0)}))
    spans = reader.read("Who?", [scored("Ada, Bo", 0, 7)])
    # The comma alone would be best. A span from it on becomes "Bo", one up to it "Ada".
    assert shown(spans) == [("Bo", 5, 9.0), ("Ada", 0, 8.0), ("Ada, Bo", 0, 0.0)]


def recording(network: Network, seen: list[tuple[Ids, Ids]]) -> Network:
    def recorded(ids: Ids, mask: Ids) -> Logits:
        seen.append((ids.copy(), mask.copy()))
        return network(ids, mask)

    return recorded


WINDOWED = ReaderSettings(max_tokens=24, stride=6, question_tokens=8)


def test_a_passage_longer_than_the_window_is_read_in_windows(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    seen: list[tuple[Ids, Ids]] = []
    network = recording(network_of(tokenizer, PLACES), seen)
    article = "the " * 30 + "Oslo " + "the " * 3 + "end"
    reader = SpanReader("small", tokenizer, network, WINDOWED)
    spans = reader.read("Where did Bo go?", [scored(article, 0, len(article))])
    assert shown(spans, 1) == [("Oslo", 120, 5.0)]
    assert article[120:124] == "Oslo"
    rows = [row[held == 1].tolist() for ids, mask in seen for row, held in zip(ids, mask, strict=True)]
    question = tokenizer.encode("Where did Bo go?").ids
    separator = tokenizer.token_to_id("[SEP]")
    assert all(len(row) <= 24 for row in rows)
    assert all(row[: len(question)] == question and row[-1] == separator for row in rows)
    # 24 less 5 of the question and 3 special ones: 16 tokens per window, each window 10 further on.
    tokens = [
        tokenizer.token_to_id(word) for word in [*["the"] * 30, "oslo", *["the"] * 3, "e", "##n", "##d"]
    ]
    contexts = sorted(row[len(question) : -1] for row in rows)
    assert contexts == sorted([tokens[:16], tokens[10:26], tokens[20:36], tokens[30:]])


def test_a_place_in_two_windows_counts_once_with_its_best_score(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    article = "Bern " + "the " * 12 + "Oslo " + "the " * 8
    # Only the first window holds "Bern", and with it a no-answer score.
    network = with_no_answer(tokenizer, network_of(tokenizer, PLACES), {"bern": (1.0, 2.0)})
    reader = SpanReader("small", tokenizer, network, WINDOWED)
    spans = reader.read("Where did Bo go?", [scored(article, 0, len(article) - 1)])
    assert len({(span.start, span.end) for span in spans}) == len(spans)
    assert [span.score for span in spans if span.text == "Oslo"] == [5.0]
    assert [span.score for span in spans if span.text == "Bern"] == [-3.0]


@pytest.mark.parametrize("question", ["漢" * 1_000, "a " * 500, "a" * 1_000, "?" * 1_000, "why " * 250])
def test_the_longest_question_leaves_room_for_the_passage(
    small_tokenizer: MakeTokenizer, question: str
) -> None:
    tokenizer = small_tokenizer()
    seen: list[tuple[Ids, Ids]] = []
    reader = SpanReader("small", tokenizer, recording(network_of(tokenizer, PLACES), seen))
    spans = reader.read(question, [scored(ARTICLE, 0, 33)])
    assert {span.text for span in spans if span.score == 5.0} == {"Rome", "Oslo"}
    ((ids, mask),) = seen
    assert ids.shape[0] == 1
    separators = np.flatnonzero(ids[0] == tokenizer.token_to_id("[SEP]"))
    assert separators[0] - 1 <= 64
    assert separators[1] + 1 == mask.sum() <= 256
    # The whole passage follows the question.
    context = tokenizer.encode("", ARTICLE[:33], add_special_tokens=False).ids
    assert ids[0, separators[0] + 1 : separators[1]].tolist() == context


def test_the_narrowest_windows_still_take_the_longest_question(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    article = "the " * 50 + "Rome"
    narrowest = ReaderSettings(max_tokens=28, stride=8, question_tokens=16)
    reader = SpanReader("small", tokenizer, network_of(tokenizer, PLACES), narrowest)
    assert shown(reader.read("漢" * 1_000, [scored(article, 0, 204)]), 1) == [("Rome", 200, 5.0)]


@pytest.mark.parametrize(
    "impossible",
    [
        ReaderSettings(max_tokens=27, stride=8, question_tokens=16),
        ReaderSettings(max_tokens=128, stride=96, question_tokens=64),
        ReaderSettings(max_tokens=64, stride=0, question_tokens=64),
        ReaderSettings(stride=-1),
    ],
)
def test_settings_that_leave_no_room_are_refused(
    small_tokenizer: MakeTokenizer, impossible: ReaderSettings
) -> None:
    tokenizer = small_tokenizer()
    with pytest.raises(ValueError, match="no room"):
        SpanReader("small", tokenizer, network_of(tokenizer, {}), impossible)


def test_without_passages_or_words_nothing_is_read(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    seen: list[tuple[Ids, Ids]] = []
    reader = SpanReader("small", tokenizer, recording(network_of(tokenizer, PLACES), seen))
    assert reader.read("Where?", []) == []
    assert reader.read("Where?", [scored("", 0, 0), scored(" \x00\n", 0, 3, number=1)]) == []
    assert seen == []
    spans = reader.read("Where?", [scored("", 0, 0), scored("Rome", 0, 4, number=1)])
    assert shown(spans) == [("Rome", 0, 5.0)]


def random_logits(ids: Ids, mask: Ids) -> Logits:
    """Random logits that depend on a row's tokens only; in the padding they are very high."""
    logits = np.full((2, *ids.shape), 1e4, dtype=np.float32)
    for row, (tokens, held) in enumerate(zip(ids, mask, strict=True)):
        length = int(held.sum())
        draw = np.random.default_rng(tokens[:length])
        logits[:, row, :length] = draw.normal(size=(2, length))
    return logits


def test_passages_read_together_give_the_same_spans_as_each_alone(small_tokenizer: MakeTokenizer) -> None:
    tokenizer = small_tokenizer()
    seen: list[tuple[Ids, Ids]] = []
    together = SpanReader("small", tokenizer, recording(random_logits, seen), WINDOWED)
    passages = []
    for number, length in enumerate([30, 1, 9, 9, 2, 40, 17, 5, 6, 7, 28, 3, 3, 50, 12, 8, 20, 4, 33]):
        text = " ".join(["Ada", "went", "to", "Rome", "in", "the"][place % 6] for place in range(length))
        passages.append(scored(text, 0, len(text), number=number, name=f"{number}.txt"))
    spans = together.read("Where did Ada go?", passages)
    for ids, mask in seen:
        assert ids.shape == mask.shape
        assert ids.shape[0] <= 8
        assert ids.shape[1] % 16 == 0
        lengths = mask.sum(axis=1)
        assert np.array_equal(mask, np.arange(ids.shape[1]) < lengths[:, None])
        assert (ids[mask == 0] == tokenizer.token_to_id("[PAD]")).all()
        assert ids.shape[1] - lengths.max() < 16
    alone = SpanReader("small", small_tokenizer(), random_logits, WINDOWED)
    for passage in passages:
        mine = [span for span in spans if span.passage == passage.passage]
        assert mine
        assert mine == alone.read("Where did Ada go?", [passage])
    assert len(spans) == sum(len(alone.read("Where did Ada go?", [one])) for one in passages)


class Recording:
    """A network that returns zeros and records its input."""

    def __init__(self) -> None:
        self.rows: list[list[int]] = []

    def __call__(self, ids: Ids, mask: Ids) -> Logits:
        self.rows += [row[: int(sum(kept))].tolist() for row, kept in zip(ids, mask, strict=True)]
        return np.zeros((2, *ids.shape), dtype=np.float32)


QUESTIONS = ["Who?", "", "Where did the delegation, which came in May, go afterwards?", "Wer war’s? 😀"]
TEXTS = [
    "Ada went to Rome.",
    " \n Two  spaces\tand a tab; naïve façade, 你好, 😀👩‍🔬 e\u0301. ",
    "",
    "\u200b",
    "word " * 150,
    "One sentence of a passage that is longer than any window can be. " * 40,
]


@pytest.mark.parametrize("name", [*shipped_readers(), "small"])
def test_windows_equal_the_tokenisers_encoding_of_question_and_passage(
    name: str, small_tokenizer: MakeTokenizer
) -> None:
    def tokenizer() -> Tokenizer:
        made = MODELS / name / "tokenizer.json"
        return small_tokenizer() if name == "small" else Tokenizer.from_file(str(made))

    settings = ReaderSettings()
    network = Recording()
    reader = SpanReader("x", tokenizer(), network, settings)
    plain = tokenizer()
    plain.no_padding()
    plain.enable_truncation(settings.max_tokens, stride=settings.stride, strategy="only_second")
    passages = [scored(text, 0, len(text), number=place) for place, text in enumerate(TEXTS)]
    for question in [*QUESTIONS, *QUESTIONS]:  # the second time the passages' tokens are cached
        network.rows.clear()
        reader.read(question, passages)
        encodings = [plain.encode(question, text) for text in TEXTS]
        parts = [part for one in encodings for part in (one, *one.overflowing) if 1 in part.sequence_ids]
        assert sorted(network.rows) == sorted(part.ids for part in parts)


def test_threads_share_a_reader(small_tokenizer: MakeTokenizer) -> None:
    reader = SpanReader("small", small_tokenizer(), random_logits, WINDOWED)
    passages = [scored(ARTICLE, 0, 17), scored(ARTICLE, 0, 52, number=1), scored(ARTICLE, 18, 52, number=2)]
    questions = ["Where did Ada go?", "Who went to Oslo?", "Why?", "漢" * 1_000]
    alone = [reader.read(question, passages) for question in questions]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda question: reader.read(question, passages), questions * 20))
    assert found == alone * 20


AWKWARD = [
    *"aZ09 .,!?'\n\t\x00\u00a0\u200b\u2028。漢字ก\U00020000İß½²﷽ﬁ€%",
    *[
        "e\u0301",
        "\u0301",
        "\u0323\u0307",
        "👩‍👩‍👧",
        "🇵🇰",
        "شَرِكَة",
        "हिन्दी",
        "한국",
        "שלום ",
        "Rome ",
        "Mr. Bo ",
        ". ",
    ],
]
any_text = st.lists(st.sampled_from(AWKWARD), min_size=1, max_size=40).map("".join) | st.text(
    st.characters(codec="utf-8"), min_size=1, max_size=60
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(article=any_text, question=any_text, data=st.data())
def test_every_span_is_the_articles_words_at_its_place(
    article: str, question: str, data: st.DataObject, small_tokenizer: MakeTokenizer
) -> None:
    reader = SpanReader("small", small_tokenizer(), random_logits, WINDOWED)
    passages = []
    for number in range(data.draw(st.integers(1, 3))):
        start = data.draw(st.integers(0, len(article) - 1))
        end = data.draw(st.integers(start + 1, len(article)))
        passages.append(scored(article, start, end, number=number))
    spans = reader.read(question, passages)
    for span in spans:
        assert span.text
        assert article[span.start : span.end] == span.text
        assert span.passage.start <= span.start < span.end <= span.passage.end
    assert len({(span.start, span.end) for span in spans}) == len(spans)
    assert [span.score for span in spans] == sorted((span.score for span in spans), reverse=True)
    if any("Rome" in passage.text for passage in passages):
        assert spans


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(article=any_text, question=st.sampled_from(["Where did Ada go?", "Who?"]))
def test_no_span_crosses_a_sentence_in_any_text(
    article: str, question: str, small_tokenizer: MakeTokenizer
) -> None:
    reader = SpanReader("small", small_tokenizer(), random_logits, WINDOWED)
    passage = scored(article, 0, len(article))
    for span in reader.read(question, [passage]):
        touched = [one for one in passage.sentences if one[0] < span.end and span.start < one[1]]
        assert len(touched) <= 1


@pytest.mark.parametrize(
    "question",
    [
        "Why did the bridge close?",
        "how come it closed?",
        "What was the reason for the delay?",
        "List the members.",
        "Name three members of the board.",
        "What are the conditions?",
        "Which were the first members?",
        "Explain the fall in prices.",
        "Describe the plan.",
    ],
)
def test_a_question_for_a_list_or_a_reason_allows_a_long_answer(question: str) -> None:
    assert allows_long_answer(question)


@pytest.mark.parametrize(
    "question",
    [
        "Who closed the bridge?",
        "What is the capital?",
        "What was its name?",
        "Which company owns it?",
        "How many people were hurt?",
        "Who is the whyte knight?",
        "What is the shortlisted title?",
    ],
)
def test_a_question_for_one_thing_allows_no_long_answer(question: str) -> None:
    assert not allows_long_answer(question)
