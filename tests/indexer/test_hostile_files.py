"""Files made to do harm: to keep the reader busy, fill the memory, or reach other files."""

from __future__ import annotations

import bz2
import gzip
import io
import os
import signal
import socket
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path, PurePath

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.corpus import Corpus, Failure
from indexer.errors import SidecarError, UnreadableFileError
from indexer.formats import FORMATS, Document, read_document
from indexer.formats.front_matter import split_front_matter
from indexer.formats.isolation import Isolation, Limits
from indexer.records import Metadata
from indexer.settings import MAX_FILE_BYTES

pytestmark = pytest.mark.slow

PROSE = "The quick brown fox jumps over the lazy dog, and the reader reads on to the end of the page. "
SHORT = Limits(seconds=1, memory=300_000_000)

# Mappings that each merge all before them: the time grows with the square of their number.
MERGE_CHAIN = "---\nm0: &m0 {k: v}\n" + "".join(
    f"m{number}: &m{number} {{<<: *m{number - 1}, k{number}: v}}\n" for number in range(1, 1_800)
)
# A kilobyte whose keys grow ninefold with each line, unless the parser drops duplicates (PyYAML 6.0.4 does).
MERGE_BOMB = "---\na: &a {k: v}\n" + "".join(
    f"{name}: &{name} {{<<: [{', '.join(['*' + before] * 9)}]}}\n"
    for before, name in zip("abcdefghijklmnopqrs", "bcdefghijklmnopqrst", strict=True)
)


def page(body: str, head: str = "") -> bytes:
    return (
        f"<html><head><title>T</title>{head}</head><body><article><p>First. {PROSE}</p>{body}"
        f"<p>Last. {PROSE}</p></article></body></html>"
    ).encode()


def read(name: str, data: bytes) -> Document:
    return read_document(PurePath(name), data)


def refused(name: str, data: bytes) -> str:
    with pytest.raises(UnreadableFileError) as raised:
        read(name, data)
    return raised.value.reason


def check(name: str, data: bytes) -> Document | None:
    """Read a file: the result is text that has UTF-8, or a reason."""
    try:
        document = read(name, data)
    except UnreadableFileError as error:
        assert error.reason  # noqa: PT017 - either outcome is one
        return None
    stated = document.metadata
    for words in (document.text, stated.title, stated.publisher, stated.author, stated.url):
        assert (words or "").encode("utf-8").decode("utf-8") == (words or "")
    assert document.text.strip()
    return document


@pytest.fixture
def isolation() -> Iterator[Isolation]:
    with Isolation(SHORT) as reader:
        yield reader


def children() -> list[int]:
    """The processes that this one started and that have not ended."""
    tasks = Path("/proc/self/task")
    if not (tasks / str(os.getpid()) / "children").exists():
        pytest.skip("this system does not list a process's children")
    return [int(pid) for task in tasks.iterdir() for pid in (task / "children").read_text().split()]


# Bounds in time and memory


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("brackets.md", b"[" * 1_000_000),
        ("images.md", b"![" * 500_000),
        ("comments.md", b"a <!--" * 200_000),
        ("items.md", b"- a\n" * 300_000),
        ("paragraphs.html", page("<p>a" * 300_000)),
        ("links.html", page("<a href='u'>li</a> " * 100_000)),
        ("attributes.html", page("<p " + " ".join(f"a{n}='x'" for n in range(200_000)) + ">x</p>")),
        ("cells.html", page("<table><tr>" + "<td>c" * 300_000)),
        ("misnested.html", page("<b><p>x</b>" * 100_000)),
        ("merge.md", f"{MERGE_CHAIN}---\nText.".encode()),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_file_that_takes_too_much_is_refused_and_the_next_is_read(
    isolation: Isolation, name: str, data: bytes
) -> None:
    before = os.times()
    with pytest.raises(
        UnreadableFileError, match=r"took (longer than 1 s|more than 300 MB of memory) to read"
    ):
        isolation.read(PurePath(name), data)
    after = os.times()
    spent = sum(after[2:4]) - sum(before[2:4])  # of the process that read, user's and system's
    assert spent < 3
    assert isolation.read(PurePath("next.md"), b"Next.") == Document("Next.", Metadata())


def test_merge_keys_that_multiply_are_read_or_refused_within_the_limits(isolation: Isolation) -> None:
    before = os.times()
    try:
        document = isolation.read(PurePath("a.md"), f"{MERGE_BOMB}---\nText.".encode())
    except UnreadableFileError as error:
        assert "it took" in error.reason  # noqa: PT017 - either outcome is one
    else:
        assert document.text == "Text."
    after = os.times()
    assert sum(after[2:4]) - sum(before[2:4]) < 3
    assert isolation.read(PurePath("next.md"), b"Next.").text == "Next."


def test_memory_is_bounded_too() -> None:
    with Isolation(Limits(seconds=60, memory=200_000_000)) as reader:
        with pytest.raises(UnreadableFileError, match="more than 200 MB of memory to read: save it as plain"):
            reader.read(PurePath("a.md"), b"- a\n" * 100_000)
        assert reader.read(PurePath("a.md"), b"Next.").text == "Next."


def test_memory_left_by_earlier_files_does_not_count_against_a_file() -> None:
    """trafilatura remembers lines: each of these files leaves some 25 MB behind."""
    with Isolation(Limits(seconds=60, memory=250_000_000)) as reader:
        for number in range(8):
            data = page(f"<p>{number} {f'{PROSE}{number} ' * 40_000}</p>")
            assert "Last. The quick" in reader.read(PurePath("a.html"), data).text


def test_a_folder_is_read_around_its_hostile_files(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_bytes(b"[" * 1_000_000)
    (tmp_path / "b.html").write_bytes(page("<p>Good.</p>"))
    (tmp_path / "c.html").write_bytes(page("<div>" * 300))
    (tmp_path / "d.md").write_bytes(b"Good too.")
    (tmp_path / "e.txt").write_bytes(b"Plain.")
    failures: list[Failure] = []
    articles = Corpus(tmp_path, limits=SHORT).articles(failures.append)
    assert [article.id for article in articles] == ["b.html", "d.md", "e.txt"]
    assert [failure.path for failure in failures] == ["a.md", "c.html"]
    assert "longer than 1 s" in failures[0].reason
    assert "256 levels" in failures[1].reason


def test_plain_text_needs_no_process(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("Plain.")
    (tmp_path / "metadata.toml").write_text('["a.txt"]\ntitle = "Stated"\n')
    before = children()
    articles = Corpus(tmp_path).articles(print)
    assert next(articles).metadata.title == "Stated"
    assert children() == before


def test_no_process_is_left_whether_the_reading_ends_or_is_broken_off(tmp_path: Path) -> None:
    for name in ("a.md", "b.md"):
        (tmp_path / name).write_text("Text.")
    before = children()
    articles = Corpus(tmp_path).articles(print)
    next(articles)
    assert len(children()) == len(before) + 1
    del articles
    assert children() == before
    assert len(list(Corpus(tmp_path).articles(print))) == 2
    assert children() == before


def test_a_reader_that_crashes_costs_one_file(isolation: Isolation) -> None:
    before = set(children())
    isolation.read(PurePath("a.md"), b"First.")
    (process,) = set(children()) - before
    os.kill(process, signal.SIGSEGV)
    with pytest.raises(UnreadableFileError, match=rf"crashed \(status -{int(signal.SIGSEGV)}\)"):
        isolation.read(PurePath("b.md"), b"Second." * 100_000)
    assert isolation.read(PurePath("c.md"), b"Third.").text == "Third."


@pytest.mark.timeout(60)
def test_a_process_that_makes_no_progress_is_stopped_by_the_clock() -> None:
    script = "import time; from indexer.formats.child import _set_timers; _set_timers(0.05); time.sleep(50)"
    ran = subprocess.run([sys.executable, "-c", script], check=False, timeout=50)
    assert ran.returncode == -signal.SIGALRM


def test_no_module_is_taken_from_the_folder_of_the_articles(tmp_path: Path) -> None:
    """Someone indexes the folder that they are in, and it holds a json.py and an indexer of its own."""
    for name in ("json.py", "lxml.py", "trafilatura.py", "indexer.py"):
        (tmp_path / name).write_text("import pathlib\npathlib.Path('taken').touch()\n")
    (tmp_path / "a.md").write_text("Text.")
    script = (
        "from pathlib import Path\n"
        "from indexer.corpus import Corpus\n"
        "print([article.text for article in Corpus(Path('.')).articles(print)])"
    )
    root = str(Path(__file__).resolve().parents[2])
    ran = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    assert ran.stdout == "['Text.']\n"
    assert not (tmp_path / "taken").exists()


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.md", b"<div>x" + b"<!--" * 1_000_000),
        ("a.md", b"<div>x" + b"<a" * 2_000_000),
        ("a.md", b">" * 4_000_000),
        ("a.md", b"- " * 1_000_000),
        ("a.md", b"`" * 4_000_000),
        ("a.md", b"a" + b" " * 4_000_000 + b"b"),
        ("a.md", b"---" + b" " * 4_000_000 + b"x"),
        ("a.html", page("<div>" * 1_000_000)),
        ("a.html", page("<b>" * 1_000_000 + "</b>" * 1_000_000)),
        ("a.html", page("<table><tr><td>" * 300_000)),
        ("a.html", page("<ul><li>" * 500_000)),
        ("a.html", page("<!--" * 1_000_000)),
        ("a.html", page("&" * 2_000_000)),
        ("a.html", page("<" * 2_000_000)),
        ("a.html", page("<img src='data:image/png;base64," + "A" * 4_000_000 + "'>")),
        ("a.html", page("<pre>x" + " \n" * 1_000_000 + "y</pre>")),
        ("a.html", page(f"<p title='{'x' * 4_000_000}'>x</p>")),
        ("a.txt", b"a" + b" " * 18_000_000 + b"b"),
        ("a.txt", "\u0301".encode() * 9_000_000),
        ("a.txt", b"\x00" * 18_000_000),
    ],
)
def test_a_file_that_is_merely_large_is_read_or_refused_at_once(name: str, data: bytes) -> None:
    """Read in this process, where only the test's timeout stops what takes long."""
    try:
        document = read(name, data)
    except UnreadableFileError as error:
        assert error.reason  # noqa: PT017 - either outcome is one
    else:
        assert document.text.strip()


# Nothing is left out silently


@pytest.mark.parametrize(
    "middle",
    [
        "<div>" * 300 + "x" + "</div>" * 300,
        "<b>" * 3_000,
        f"<script>{'x' * 10_500_000}</script>",
        f"<!--{'x' * 10_500_000}-->",
        f"<p>{'word ' * 2_100_000}</p>",
    ],
    ids=["depth", "inline depth", "script", "comment", "text"],
)
def test_a_page_that_cannot_be_parsed_to_its_end_is_refused(middle: str) -> None:
    assert "it cannot be read whole" in refused("a.html", page(middle))


def test_a_page_just_within_the_parser_s_limits_is_read_to_its_end() -> None:
    text = read("a.html", page("<div>" * 200 + PROSE + "</div>" * 200)).text
    assert "First." in text
    assert "Last." in text


def test_html_in_markdown_that_cannot_be_parsed_to_its_end_is_refused() -> None:
    block = "<div>" * 300 + "deep" + "</div>" * 300
    assert "it cannot be read whole" in refused("a.md", f"Before.\n\n{block}\n\nAfter.".encode())


# Entities, addresses and other ways to reach files and the network


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


WAYS_OUT = [
    '<!DOCTYPE html [<!ENTITY x SYSTEM "{place}">]><html><body><p>{prose}&x;</p></body></html>',
    '<!DOCTYPE html SYSTEM "{place}"><html><body><p>{prose}</p></body></html>',
    '<!DOCTYPE html [<!ENTITY % x SYSTEM "{place}"> %x;]><html><body><p>{prose}</p></body></html>',
    '<?xml version="1.0"?><?xml-stylesheet href="{place}"?><html><body><p>{prose}</p></body></html>',
    '<html xmlns:xi="http://www.w3.org/2001/XInclude"><body><p>{prose}</p>'
    '<xi:include href="{place}" parse="text"/></body></html>',
    '<html><head><base href="{place}"><link rel="stylesheet" href="{place}"><script src="{place}"></script>'
    '</head><body><p>{prose}</p><img src="{place}"><iframe src="{place}"></iframe>'
    '<object data="{place}"></object><embed src="{place}"></body></html>',
    '<html><head><meta http-equiv="refresh" content="0; url={place}"></head>'
    "<body><p>{prose}</p></body></html>",
]


@pytest.mark.parametrize("source", WAYS_OUT)
@pytest.mark.parametrize("name", ["a.xhtml", "a.html", "a.md"])
def test_a_page_reaches_neither_files_nor_the_network(
    source: str, name: str, tmp_path: Path, listener: socket.socket
) -> None:
    (tmp_path / "secret.txt").write_text("A secret of another file.")
    port = listener.getsockname()[1]
    for place in ((tmp_path / "secret.txt").as_uri(), f"http://127.0.0.1:{port}/x"):
        document = check(name, source.format(place=place, prose=PROSE * 3).encode())
        assert document is None or "secret" not in document.text
    with pytest.raises(BlockingIOError):  # nobody has called
        listener.accept()


def test_nested_entities_do_not_expand() -> None:
    entities = '<!ENTITY l0 "lollollol">' + "".join(
        f'<!ENTITY l{level} "{f"&l{level - 1};" * 10}">' for level in range(1, 10)
    )
    source = (
        f'<?xml version="1.0"?><!DOCTYPE html [{entities}]><html><body><p>{PROSE * 3}&l9;</p></body></html>'
    )
    assert read("a.xhtml", source.encode()).text.count("lol") < 10


@pytest.mark.parametrize(
    "block", ["</p>\x01", "<HTML <>", "<P>0<!>\x1f", "<p>\x00", "<?xml encoding='x'?>", "<!>x"]
)
def test_odd_html_in_markdown_does_not_lose_the_rest(block: str) -> None:
    assert read("a.md", f"Before.\n\n{block}\n\nAfter.".encode()).text.startswith("Before.")


def test_control_characters_in_html_in_markdown_are_kept() -> None:
    source = "<p>One\x1f<!-- x -->\x01<br>two&#1;<script>x</script>\x02 three</p>"
    text = read("a.md", source.encode()).text
    assert "".join(char for char in text if char.isprintable() or char == "\n") == "One\ntwo three"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress, bz2.compress])
@pytest.mark.parametrize("name", ["a.txt", "a.md", "a.html"])
def test_compressed_data_is_not_unpacked(pack: Callable[[bytes], bytes], name: str) -> None:
    bomb = pack(page(f"<p>{'0' * 5_000_000}</p>"))
    assert len(bomb) < 50_000
    reason = refused(name, bomb)
    assert "not UTF-8" in reason or "NUL" in reason


def test_a_compressed_page_that_declares_an_encoding_is_not_unpacked() -> None:
    """gzip stores a file's name, which can declare an encoding in which any byte is text."""
    buffer = io.BytesIO()
    with gzip.GzipFile("<html><meta charset=iso-8859-15>", "wb", fileobj=buffer, mtime=0) as file:
        file.write(page(f"<p>{PROSE * 100}</p>"))
    try:
        text = read("a.html", buffer.getvalue()).text
    except UnreadableFileError:
        text = ""
    assert "quick brown fox" not in text


@pytest.mark.parametrize("codec", ["zlib", "zip", "bz2", "gzip", "base64", "uu", "quopri"])
def test_an_encoding_that_unpacks_is_refused(codec: str) -> None:
    assert codec in refused("a.html", page("", f'<meta charset="{codec}">'))


def test_compressed_files_are_not_articles(tmp_path: Path) -> None:
    for name in ("a.html.gz", "a.zip", "a.md.bz2", "a.txt.zst", "a.gz"):
        (tmp_path / name).write_bytes(gzip.compress(b"Text."))
    assert (len(Corpus(tmp_path)), Corpus(tmp_path).ignored) == (0, 5)


def test_a_sibling_folder_with_a_similar_name_is_outside(tmp_path: Path) -> None:
    for name in ("articles", "articles-of-others"):
        (tmp_path / name).mkdir()
    (tmp_path / "articles-of-others" / "secret.txt").write_text("Secret.")
    (tmp_path / "articles" / "a.txt").symlink_to("../articles-of-others/secret.txt")
    failures: list[Failure] = []
    assert list(Corpus(tmp_path / "articles").articles(failures.append)) == []
    assert "outside the folder" in failures[0].reason


# Front matter


@pytest.mark.parametrize(
    "block",
    [
        "a: &a [x]\n"
        + "".join(f"{n}: &{n} [*{b}, *{b}]\n" for b, n in zip("abcdefghijk", "bcdefghijkl", strict=True)),
        "? 1" + ":59" * 20_000 + "\n: b",
        "a: 1" + ":59" * 20_000,
        "a: " + "9" * 60_000,
        "0x" + "f" * 60_000 + ": b",
        "a: " + "[" * 900 + "]" * 900,
        "- " * 30_000,
        "? " * 30_000,
        "? &a [x]\n: b",
        "a: !!python/name:os.system\n",
        "a: !!python/object/new:os.system [touch taken]",
        "a: !!binary " + "A" * 60_000,
        "a: !!set {b, c}\nd: !!omap [e: f]\ng: !!pairs [h: i]",
        "date: 2001-99-99 99:99:99",
        "date: !!timestamp x",
        "date: !!timestamp [x]",
        "a: !!bool x",
        "a: !!int ''",
        "a: !!float ''",
        "a: !!null x",
        "a: !!str [x]",
        "a: !!map x",
        "a: !!int 99e99\nb: !!float 1e999999",
        "title: &t !!str\nauthor: *t",
        '"\\ud800": x',
        "a: *nothing",
        "%YAML 9.9",
        "!<x> a",
        "a: .inf\nb: .nan\nc: -0o7",
        "=: a",
        "<<: a",
        "<<: {title: Merged}",
    ],
)
def test_odd_front_matter_is_metadata_or_text_and_nothing_is_run(
    block: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    source = f"---\n{block}\n---\nThe text."
    _, text = split_front_matter(source)
    assert text in {"The text.", source}
    assert read("a.md", source.encode()).text.endswith("The text.")
    assert list(tmp_path.iterdir()) == []


# The sidecar


def sidecar_refused(folder: Path, limits: Limits = SHORT, *, max_file_bytes: int = MAX_FILE_BYTES) -> str:
    (folder / "a.txt").write_text("Text.")
    with pytest.raises(SidecarError) as raised:
        list(Corpus(folder, limits=limits, max_file_bytes=max_file_bytes).articles(print))
    return str(raised.value)


def test_a_sidecar_that_takes_too_long_is_refused(tmp_path: Path) -> None:
    (tmp_path / "metadata.toml").write_text("a." * 100_000 + "b = 1\n")
    assert "it took longer than 1 s" in sidecar_refused(tmp_path)


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "text",
    [
        "a." * 8_000 + "b",
        "a = " + "9" * 15_000,
        "a = " + "[" * 15_000,
        "a = " + "{a=" * 5_000,
        "a = \x00",
        "\ufeff\ufeff",
    ],
)
def test_a_small_sidecar_is_refused_at_once(tmp_path: Path, text: str) -> None:
    (tmp_path / "metadata.toml").write_text(text)
    assert "metadata.toml cannot be read" in sidecar_refused(tmp_path)


def test_a_large_sidecar_is_read_as_a_small_one(tmp_path: Path) -> None:
    tables = [
        f'["{number}.txt"]\ntitle = "Title {number}"\npublished = 2024-01-31\n' for number in range(1_000)
    ]
    (tmp_path / "metadata.toml").write_text("".join(tables))
    (tmp_path / "7.txt").write_text("Text.")
    failures: list[Failure] = []
    (article,) = Corpus(tmp_path).articles(failures.append)
    assert len(failures) == 999  # files that are not there
    assert article.metadata == Metadata("Title 7", published=date(2024, 1, 31))


def test_a_sidecar_is_bounded_in_size(tmp_path: Path) -> None:
    (tmp_path / "metadata.toml").write_text("#" * 2_000)
    assert "larger than 0.001 MB" in sidecar_refused(tmp_path, max_file_bytes=1_000)


@pytest.mark.timeout(60)
def test_a_sidecar_that_links_outside_or_is_a_pipe_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (tmp_path / "secret.toml").write_text('["a.txt"]\ntitle = "Secret"\n')
    (folder / "metadata.toml").symlink_to("../secret.toml")
    assert "outside the folder" in sidecar_refused(folder)
    (folder / "metadata.toml").unlink()
    os.mkfifo(folder / "metadata.toml")
    assert "not a regular file" in sidecar_refused(folder)


def test_a_sidecar_cannot_name_a_file_into_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("Secret.")
    (folder / "a.txt").write_text("Text.")
    (folder / "metadata.toml").write_text(f'["../secret.txt"]\n["{tmp_path}/secret.txt"]\n')
    failures: list[Failure] = []
    assert [article.id for article in Corpus(folder).articles(failures.append)] == ["a.txt"]
    assert ["which is not in the folder" in failure.reason for failure in failures] == [True, True]


# Random files


QUIETLY = settings(
    max_examples=150, deadline=timedelta(seconds=20), suppress_health_check=[HealthCheck.too_slow]
)

awkward_text = st.text(max_size=40) | st.sampled_from(
    [
        *(
            "&amp;",
            "&#xD800;",
            "&#55357;&#56832;",
            "&#0;",
            "&#x110000;",
            "&nbsp;",
            "&",
            "<",
            ">",
            "\x00",
            "\ufffe",
        ),
        *(
            "\r\n",
            "\t",
            "\u2028",
            "e\u0301",
            "😀",
            "\U000e0001",
            "שלום",
            "]]>",
            "-->",
            "<!--",
            "<![CDATA[",
            PROSE,
        ),
    ]
)
TAGS = (
    "a b p div span ul li table tr td th pre code br hr h1 h2 blockquote script style article section form "
    "select option textarea svg math template iframe noscript title body html head base meta link img"
)
tags = st.sampled_from(TAGS.split())
attributes = st.lists(
    st.tuples(
        st.sampled_from(["href", "class", "id", "style", "content", "name", "xmlns:x", "é"]), awkward_text
    ),
    max_size=2,
).map(lambda pairs: "".join(f' {name}="{value}"' for name, value in pairs))
html = st.recursive(
    awkward_text,
    lambda inner: st.builds(
        lambda tag, stated, parts, closed: f"<{tag}{stated}>{''.join(parts)}{f'</{tag}>' if closed else ''}",
        tags,
        attributes,
        st.lists(inner, max_size=4),
        st.booleans(),
    ),
    max_leaves=25,
)
markdown = st.lists(
    awkward_text
    | html
    | st.sampled_from(
        [
            *(
                "# ",
                "> ",
                "- ",
                "1. ",
                "    ",
                "\n",
                "\n\n",
                "```",
                "~~~\n",
                "`",
                "*",
                "**",
                "_",
                "[",
                "](",
                ")",
            ),
            *(
                "![",
                "[a]: b\n",
                "|",
                "|-|-|\n",
                "a | b\n",
                "---\n",
                "===\n",
                "\\",
                "  \n",
                "<http://a>",
                "[^1]",
            ),
        ]
    ),
    max_size=30,
).map("".join)
yaml_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.dates() | st.datetimes() | awkward_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(awkward_text, inner, max_size=3),
    max_leaves=8,
)
front_matter = st.dictionaries(
    st.sampled_from(["title", "author", "date", "url", "publisher", "Title", "tags"]), yaml_values, max_size=4
).map(lambda values: yaml.safe_dump(values, allow_unicode=True)) | st.text(
    st.sampled_from("ab:-[]{}&*!|>'\"%@`#,? \n1.0~<=\\\u0085"), max_size=60
)


@given(st.sampled_from(sorted(FORMATS)), st.binary(max_size=300) | awkward_text.map(str.encode))
@QUIETLY
def test_any_bytes_are_read_or_refused(ending: str, data: bytes) -> None:
    check(f"a{ending}", data)


@given(html, st.sampled_from(["", "utf-8", "shift_jis", "gb18030", "utf-16", "euc-kr", "big5hkscs", "cp037"]))
@QUIETLY
def test_any_page_is_read_or_refused(body: str, declared: str) -> None:
    head = f'<meta charset="{declared}">' if declared else ""
    check("a.html", page(body, head))
    check("a.xhtml", f"<html>{head}<body>{body}</body></html>".encode("utf-8", "replace"))


@given(front_matter, markdown)
@QUIETLY
def test_any_markdown_is_read_or_refused(block: str, body: str) -> None:
    check("a.md", body.encode("utf-8", "replace"))
    document = check("a.md", f"---\n{block}\n---\n{body}\n\nThe last words.\n".encode("utf-8", "replace"))
    if document is not None and document.metadata != Metadata():
        assert document.metadata.url is None or document.metadata.url.startswith(("http://", "https://"))


@pytest.fixture(scope="module")
def patient() -> Iterator[Isolation]:
    with Isolation() as reader:
        yield reader


@given(
    st.sampled_from(sorted(FORMATS)),
    st.binary(max_size=200)
    | html.map(page)
    | markdown.map(lambda body: f"---\ntitle: T\ndate: 2024-01-31\n---\n{body}".encode("utf-8", "replace")),
)
@QUIETLY
def test_the_isolated_process_reads_the_same_as_this_one(
    patient: Isolation, ending: str, data: bytes
) -> None:
    path = PurePath(f"a{ending}")
    try:
        expected = read_document(path, data)
    except UnreadableFileError as error:
        with pytest.raises(UnreadableFileError) as raised:
            patient.read(path, data)
        assert raised.value.reason == error.reason  # noqa: PT017 - either outcome is one
    else:
        assert patient.read(path, data) == expected
