"""A folder of articles, and everything else that a folder may hold."""

from __future__ import annotations

import datetime
import hashlib
import os
from pathlib import Path

import pytest

from indexer.corpus import Corpus, Failure
from indexer.errors import CorpusError, SidecarError
from indexer.records import Article, Metadata


def read(folder: Path, *, max_file_bytes: int = 1000) -> tuple[dict[str, Article], dict[str, str]]:
    """Return the articles by id, and the reasons of the failures by path."""
    failures: list[Failure] = []
    corpus = Corpus(folder, max_file_bytes=max_file_bytes)
    articles = {article.id: article for article in corpus.articles(failures.append)}
    return articles, {failure.path: failure.reason for failure in failures}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one good article in it."""
    folder = tmp_path / "articles"
    folder.mkdir()
    (folder / "good.txt").write_text("The good text.")
    return folder


def test_an_article_is_the_file_and_its_hash(folder: Path) -> None:
    text = "Café 😀\r\nשלום e\u0301\n"
    (folder / "good.txt").write_bytes(text.encode())

    articles, failures = read(folder)

    assert failures == {}
    assert articles["good.txt"].text == text
    assert articles["good.txt"].sha256 == hashlib.sha256(text.encode()).hexdigest()


def test_nested_folders_are_read_in_the_order_of_their_ids(folder: Path) -> None:
    for name in ("z.txt", "b/c/deep.txt", "b/a.txt", "a.md", "B.TXT"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("Text.")

    articles, failures = read(folder)

    assert list(articles) == ["B.TXT", "a.md", "b/a.txt", "b/c/deep.txt", "good.txt", "z.txt"]
    assert failures == {}


def test_hidden_files_and_folders_are_left_out(folder: Path) -> None:
    (folder / ".hidden.txt").write_text("Text.")
    (folder / ".git").mkdir()
    (folder / ".git" / "note.txt").write_text("Text.")

    assert list(read(folder)[0]) == ["good.txt"]
    assert len(Corpus(folder)) == 1


def test_other_files_are_counted_and_not_read(folder: Path) -> None:
    (folder / "photo.jpg").write_bytes(b"\xff\xd8")
    (folder / "noending").write_text("Text.")

    articles, failures = read(folder)

    corpus = Corpus(folder)
    assert (list(articles), failures) == (["good.txt"], {})
    assert (len(corpus), corpus.ignored) == (1, 2)
    assert corpus.name == str(folder.resolve())


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b" \n\t", "empty"),
        ("\u3000\u2028".encode(), "no text"),
        (b"caf\xe9", "not UTF-8"),
        (b"\xff\xfetext\x00", "UTF-16"),
        (b"\x7fELF\x00\x01", "NUL"),
        (b"x" * 1001, "larger than 0.001 MB"),
    ],
)
def test_an_unreadable_file_is_reported_and_the_others_are_read(
    folder: Path, data: bytes, reason: str
) -> None:
    (folder / "bad.txt").write_bytes(data)

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert list(failures) == ["bad.txt"]
    assert reason in failures["bad.txt"]


def test_a_file_of_just_the_allowed_size_is_read(folder: Path) -> None:
    (folder / "full.txt").write_bytes(b"x" * 1000)

    articles, failures = read(folder, max_file_bytes=1000)

    assert (len(articles["full.txt"].text), failures) == (1000, {})


def test_a_link_inside_the_folder_is_read(folder: Path) -> None:
    (folder / "link.txt").symlink_to("good.txt")

    assert read(folder)[0]["link.txt"].text == "The good text."


def test_a_link_out_of_the_folder_is_refused(folder: Path) -> None:
    (folder.parent / "secret.txt").write_text("A secret.")
    (folder / "link.txt").symlink_to("../secret.txt")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert "outside the folder" in failures["link.txt"]


def test_a_folder_that_is_a_link_is_not_followed_out(folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir()
    (outside / "secret.txt").write_text("A secret.")
    (folder / "linked").symlink_to(outside)

    assert list(read(folder)[0]) == ["good.txt"]


def test_broken_and_circular_links_are_reported(folder: Path) -> None:
    (folder / "broken.txt").symlink_to("nowhere.txt")
    (folder / "loop.txt").symlink_to("loop.txt")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert set(failures) == {"broken.txt", "loop.txt"}
    assert all(failures.values())


@pytest.mark.timeout(20)
def test_a_pipe_is_skipped_and_does_not_hang(folder: Path) -> None:
    os.mkfifo(folder / "pipe.txt")
    (folder / "link.txt").symlink_to("pipe.txt")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert list(failures) == ["link.txt"]


def test_a_folder_named_like_an_article_is_a_folder(folder: Path) -> None:
    (folder / "sub.txt").mkdir()
    (folder / "sub.txt" / "a.txt").write_text("Text.")

    assert list(read(folder)[0]) == ["good.txt", "sub.txt/a.txt"]


def test_a_file_name_that_is_not_utf_8_is_reported_in_plain_characters(folder: Path) -> None:
    (folder / os.fsdecode(b"caf\xe9.txt")).write_text("Text.")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert list(failures) == ["caf\\udce9.txt"]
    assert "rename" in failures["caf\\udce9.txt"]


def test_a_file_without_permission_is_reported(folder: Path) -> None:
    (folder / "locked.txt").write_text("Text.")
    (folder / "locked.txt").chmod(0)
    if os.access(folder / "locked.txt", os.R_OK):
        pytest.skip("this user may read everything")

    assert "ermission" in read(folder)[1]["locked.txt"]


def test_a_file_that_goes_away_is_reported(folder: Path) -> None:
    (folder / "gone.txt").write_text("Text.")
    failures: list[Failure] = []
    corpus = Corpus(folder)
    (folder / "gone.txt").unlink()

    assert [article.id for article in corpus.articles(failures.append)] == ["good.txt"]
    assert [failure.path for failure in failures] == ["gone.txt"]


@pytest.mark.parametrize(("name", "message"), [("missing", "not there"), ("file.txt", "not a folder")])
def test_a_path_that_is_not_a_folder_is_refused(tmp_path: Path, name: str, message: str) -> None:
    (tmp_path / "file.txt").write_text("Text.")

    with pytest.raises(CorpusError, match=message):
        Corpus(tmp_path / name)


def test_the_sidecar_wins_over_front_matter(folder: Path) -> None:
    (folder / "a.md").write_text("---\ntitle: Front\nauthor: Jane Doe\npublisher: Press\n---\nText.")
    (folder / "metadata.toml").write_text('["a.md"]\ntitle = "Side"\nauthor = ""\npublished = 2024-01-31\n')

    articles, failures = read(folder)

    assert failures == {}
    assert articles["a.md"].metadata == Metadata("Side", "Press", None, datetime.date(2024, 1, 31), None)
    assert articles["a.md"].text == "Text."


def test_an_invalid_sidecar_entry_leaves_out_only_its_file(folder: Path) -> None:
    (folder / "other.txt").write_text("The other text.")
    (folder / "metadata.toml").write_text(
        '["good.txt"]\nurl = "javascript:alert(1)"\n["other.txt"]\nauthor = "Ann"\n'
    )

    articles, failures = read(folder)

    assert list(articles) == ["other.txt"]
    assert articles["other.txt"].metadata.author == "Ann"
    assert "http" in failures["good.txt"]


def test_a_sidecar_that_is_not_toml_stops_the_build(folder: Path) -> None:
    (folder / "metadata.toml").write_text("title = ")

    with pytest.raises(SidecarError, match="correct it"):
        read(folder)


def test_a_linked_folder_is_named_and_not_followed(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.txt").write_text("Secret.")
    (folder / "linked").symlink_to(tmp_path / "elsewhere")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert failures == {"linked/": "a link to a folder is not followed"}


def test_a_name_with_control_characters_is_refused_and_shown_escaped(folder: Path) -> None:
    (folder / "new\nline.txt").write_text("Text.")

    articles, failures = read(folder)

    assert list(articles) == ["good.txt"]
    assert list(failures) == ["new\\nline.txt"]


def test_a_sidecar_entry_without_a_file_is_reported(folder: Path) -> None:
    (folder / "metadata.toml").write_text('["typo.txt"]\ntitle = "T"\n\n["good.txt"]\ntitle = "Good"\n')

    articles, failures = read(folder)

    assert articles["good.txt"].metadata.title == "Good"
    assert "'typo.txt'" in failures["metadata.toml"]
