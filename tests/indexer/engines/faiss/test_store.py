"""Articles and passages in SQLite."""

from __future__ import annotations

import datetime
import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.engines.faiss.store import ArticleParts, Store, write_store
from indexer.errors import DamagedGenerationError
from indexer.records import Article, CharRange, Metadata, Passage, Segment, SegmentKind

# What breaks naive storage, and any character that UTF-8 can carry.
_AWKWARD = ["\0", "a\0b", "\ufeff", "e\u0301", "\u202e", "\r\n", "'; --", '"', "%s", "😀", "🇵🇰", "👩‍🔬", "ﷺ"]
_TEXT = st.lists(
    st.sampled_from(_AWKWARD) | st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1
).map("".join)
_METADATA = st.builds(
    Metadata,
    title=st.none() | _TEXT,
    publisher=st.none() | _TEXT,
    author=st.none() | _TEXT,
    published=st.none() | st.dates(),
    url=st.none() | _TEXT,
    modified=st.none() | st.dates(),
)


@st.composite
def _described(draw: st.DrawFn) -> list[ArticleParts]:
    ids = sorted(draw(st.sets(_TEXT, min_size=1, max_size=4)))
    described: list[ArticleParts] = []
    for article_id in ids:
        text = draw(_TEXT)
        starts = sorted(draw(st.sets(st.integers(0, len(text) - 1), max_size=3)))
        offsets = [(start, draw(st.integers(start + 1, len(text)))) for start in starts]
        places = sorted(draw(st.sets(st.integers(0, len(text)), max_size=8)))
        sentences = [*zip(places[::2], places[1::2], strict=False)]
        segments = [
            Segment(start, end, draw(st.sampled_from([*SegmentKind])), draw(_TEXT)) for start, end in offsets
        ]
        article = Article.create(article_id, text, draw(_METADATA), segments)
        described.append((article, sentences, offsets, [draw(_TEXT) for _ in offsets]))
    return described


def _article(article_id: str, text: str) -> Article:
    return Article.create(article_id, text, Metadata())


@pytest.fixture
def open_store(
    tmp_path: Path,
) -> Iterator[Callable[[Sequence[ArticleParts]], Store]]:
    opened: list[Store] = []

    def open_(articles: Sequence[ArticleParts]) -> Store:
        write_store(tmp_path / "corpus.sqlite", articles)
        opened.append(Store(tmp_path / "corpus.sqlite"))
        return opened[-1]

    yield open_
    for store in opened:
        store.close()


@pytest.mark.slow
@given(_described())
@settings(max_examples=60, deadline=None)
def test_articles_and_passages_of_any_text_are_read_as_written(
    described: list[ArticleParts],
) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "corpus.sqlite")
        write_store(path, described)
        store = Store(path)
        try:
            number = 0
            for article, sentences, offsets, contexts in described:
                assert store.find(article.id) == article
                assert store.article_sentences(article.id) == sentences
                passages = store.passages(article.id)
                assert [(passage.start, passage.end) for passage in passages] == offsets
                assert [store.context(passage) for passage in passages] == contexts
                for passage in passages:
                    assert passage == Passage(number, article.id, passage.start, passage.end)
                    assert store.passage(number) == passage
                    assert store.passage_text(passage) == article.text[passage.start : passage.end]
                    assert store.segments(passage) == tuple(
                        one
                        for one in article.segments
                        if {*range(one.start, one.end)} & {*range(passage.start, passage.end)}
                    )
                    # A character of a passage is in one of its sentences if it is in one of the article's.
                    inside = {place for start, end in sentences for place in range(start, end)}
                    parts = store.sentences(passage)
                    assert [place for start, end in parts for place in range(start, end)] == sorted(
                        inside & {*range(passage.start, passage.end)}
                    )
                    number += 1
            assert len(store.article_numbers) == number
        finally:
            store.close()


@pytest.mark.parametrize("text", _AWKWARD)
def test_awkward_text_comes_back_in_every_field(open_store: Callable[..., Store], text: str) -> None:
    segment = Segment(0, len(text), SegmentKind.ITEM, text)
    article = Article.create(text, text, Metadata(text, text, text, None, text), [segment])
    store = open_store([(article, [(0, len(text))], [(0, len(text))], [text])])
    assert store.find(text) == article
    assert store.context(store.passage(0)) == text
    assert store.passage_text(store.passage(0)) == text


def test_metadata_that_an_article_does_not_state_stays_none(
    open_store: Callable[..., Store],
) -> None:
    store = open_store([(_article("a.txt", "Words."), [(0, 6)], [(0, 6)], [""])])
    found = store.find("a.txt")
    assert found is not None
    assert found.metadata == Metadata(title=None, publisher=None, author=None, published=None, url=None)


def test_metadata_that_an_article_states_comes_back(open_store: Callable[..., Store]) -> None:
    stated = Metadata(
        "Title",
        "Publisher",
        "Author",
        datetime.date(2024, 2, 29),
        "https://example.org/a",
        datetime.date(2024, 3, 1),
    )
    store = open_store([(Article.create("a.txt", "Words.", stated), [(0, 6)], [(0, 6)], [""])])
    assert store.articles[0].metadata == stated


def test_listed_articles_have_no_text_but_its_hash(open_store: Callable[..., Store]) -> None:
    store = open_store([(_article("a.txt", "Wörter 😀"), [(0, 8)], [(0, 8)], [""])])
    assert [article.text for article in store.articles] == [""]
    assert store.articles[0].sha256 == hashlib.sha256("Wörter 😀".encode()).hexdigest()


def test_an_unknown_article_is_none_and_has_no_passages(open_store: Callable[..., Store]) -> None:
    store = open_store([(_article("a.txt", "Words."), [(0, 6)], [(0, 6)], [""])])
    assert store.find("A.txt") is None
    assert store.passages("A.txt") == []


@pytest.mark.parametrize("passage_id", [-1, 2, 10**12])
def test_an_unknown_passage_is_a_key_error(open_store: Callable[..., Store], passage_id: int) -> None:
    store = open_store([(_article("a.txt", "One. Two."), [(0, 4), (5, 9)], [(0, 4), (5, 9)], ["", ""])])
    with pytest.raises(KeyError, match=str(passage_id)):
        store.passage(passage_id)


def test_an_article_without_passages_leaves_no_gap_in_the_numbers(open_store: Callable[..., Store]) -> None:
    store = open_store(
        [
            (_article("a", "One. Two."), [(0, 4), (5, 9)], [(0, 4), (5, 9)], ["", ""]),
            (_article("b", "Read more"), [], [], []),
            (_article("c", "Three."), [(0, 6)], [(0, 6)], [""]),
        ]
    )
    assert store.article_numbers.tolist() == [0, 0, 2]
    assert store.passages("b") == []
    assert store.passage(2) == Passage(2, "c", 0, 6)


def test_many_threads_read_at_once_and_each_gets_its_own_article(open_store: Callable[..., Store]) -> None:
    # More articles than stay decoded, so that the threads read the file all the time.
    texts = {f"{number:03d}": f"Article {number} " + "x" * number for number in range(150)}
    store = open_store(
        [(_article(name, text), [(0, len(text))], [(0, len(text))], [""]) for name, text in texts.items()]
    )

    def read(place: int) -> bool:
        name = f"{place * 37 % 150:03d}"
        found = store.find(name)
        passage = store.passages(name)[0]
        return (
            found is not None
            and found.text == texts[name]
            and store.passage(passage.id) == passage
            and store.passage_text(passage) == texts[name]
        )

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(2000)))


def test_opening_writes_nothing_beside_the_store(tmp_path: Path) -> None:
    path = tmp_path / "corpus.sqlite"
    write_store(path, [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    before = path.read_bytes()
    store = Store(path)
    store.find("a")
    store.close()
    assert [file.name for file in tmp_path.iterdir()] == ["corpus.sqlite"]
    assert path.read_bytes() == before


def test_a_folder_name_may_hold_uri_characters(tmp_path: Path) -> None:
    folder = tmp_path / "a?b#c %41"
    folder.mkdir()
    write_store(folder / "corpus.sqlite", [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    store = Store(folder / "corpus.sqlite")
    assert store.passage(0) == Passage(0, "a", 0, 4)
    store.close()


@pytest.mark.parametrize("content", [b"", b"no database", None])
def test_a_file_that_is_not_a_store_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "corpus.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DamagedGenerationError, match="quoth index"):
        Store(path)


def test_an_invalid_date_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "corpus.sqlite"
    write_store(path, [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    connection = sqlite3.connect(path)
    connection.execute("UPDATE article SET published = 'yesterday'")
    connection.commit()
    connection.close()
    with pytest.raises(DamagedGenerationError, match="yesterday"):
        Store(path)


def _change(path: Path, *statements: str) -> None:
    connection = sqlite3.connect(path)
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE passage SET article = 1",
        "UPDATE passage SET article = -1",
        "UPDATE passage SET article = 'one'",
        "UPDATE passage SET article = 9223372036854775807",
        "UPDATE passage SET id = 7",
        "UPDATE passage SET start = -1",
        "UPDATE passage SET start = 'one'",
        'UPDATE passage SET "end" = start',
        "UPDATE article SET number = 7",
        "UPDATE article SET id = X'00'",
        "UPDATE article SET published = 3",
        "UPDATE article SET title = X'00'",
        "UPDATE article SET url = X'00'",
        "UPDATE article SET text = 'One.'",
        "UPDATE article SET sentences = 'every sentence'",
        "UPDATE article SET sentences = X'00'",
        "UPDATE article SET modified = 3",
        "UPDATE article SET segments = 'none'",
        "UPDATE passage SET context = X'00'",
        "DROP TABLE passage",
    ],
)
def test_invalid_rows_are_refused(tmp_path: Path, statement: str) -> None:
    path = tmp_path / "corpus.sqlite"
    write_store(path, [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    Store(path).close()
    _change(path, statement)
    with pytest.raises(DamagedGenerationError, match=r"corpus\.sqlite cannot be read .*quoth index"):
        Store(path)


def test_a_passage_has_its_sentences_and_its_parts_of_those_that_are_cut(
    open_store: Callable[..., Store],
) -> None:
    text = "One is here. Two. A third goes on."
    sentences = [(0, 12), (13, 17), (18, 34)]
    store = open_store([(_article("a", text), sentences, [(0, 17), (13, 25), (12, 13)], [""] * 3)])
    assert store.sentences(store.passage(0)) == [(0, 12), (13, 17)]
    assert store.sentences(store.passage(1)) == [(13, 17), (18, 25)]
    assert store.sentences(store.passage(2)) == []
    assert store.article_sentences("a") == sentences
    assert store.article_sentences("b") == []


@pytest.mark.parametrize("sentences", [[(3, 3)], [(2, 1)], [(-1, 2)], [(0, 3), (2, 4)], [(2, 4), (0, 1)]])
def test_invalid_sentences_are_reported_as_damage_when_read(
    open_store: Callable[..., Store], sentences: list[CharRange]
) -> None:
    store = open_store([(_article("a", "One."), sentences, [(0, 4)], [""])])
    with pytest.raises(DamagedGenerationError, match=r"sentences .* not one after the other.*quoth index"):
        store.sentences(store.passage(0))


@pytest.mark.parametrize(
    "segments",
    ["[", "[[0, 4]]", '[[0, 4, "page one", ""]]', '[[4, 4, "item", ""]]', '[[0, "4", "item", ""]]'],
)
def test_invalid_segments_are_reported_as_damage_when_read(tmp_path: Path, segments: str) -> None:
    path = tmp_path / "corpus.sqlite"
    write_store(path, [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    _change(path, f"UPDATE article SET segments = CAST('{segments}' AS BLOB)")  # noqa: S608
    store = Store(path)
    with pytest.raises(DamagedGenerationError, match=r"corpus\.sqlite cannot be read"):
        store.segments(store.passage(0))
    store.close()


def test_a_text_that_cannot_be_decoded_is_reported_as_damage_when_read(tmp_path: Path) -> None:
    path = tmp_path / "corpus.sqlite"
    write_store(path, [(_article("a", "One."), [(0, 4)], [(0, 4)], [""])])
    _change(path, "UPDATE article SET text = X'FF'")
    store = Store(path)
    with pytest.raises(DamagedGenerationError, match=r"corpus\.sqlite cannot be read"):
        store.find("a")
    store.close()
