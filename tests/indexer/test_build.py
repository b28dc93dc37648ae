"""A folder of articles -> generations, embedding only what changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from indexer.arrays import Vectors
from indexer.build import BuildReport, build
from indexer.corpus import Corpus
from indexer.engines.faiss import dense
from indexer.engines.faiss.index import open_index
from indexer.engines.faiss.storage import Layout, current_number
from indexer.errors import CorpusError, SettingsError, SidecarError
from indexer.settings import BuildSettings, FaissChoice, FaissKind, SplitterSettings

if TYPE_CHECKING:
    from tests.indexer.conftest import FakeEncoder

_KINDS: list[FaissKind] = ["flat", "hnsw", "ivf-sq8"]
_SPLITTER = SplitterSettings(max_tokens=24, overlap_tokens=0)


class Desk:
    """A folder of articles, its index and a fresh encoder for every build."""

    def __init__(self, articles: Path, out: Path, make_encoder: type[FakeEncoder]) -> None:
        self.articles = articles
        self.out = out
        self.encoder = make_encoder()
        self._make_encoder = make_encoder

    def build(
        self,
        faiss: FaissChoice = "flat",
        splitter: SplitterSettings = _SPLITTER,
        fingerprint: str | None = None,
    ) -> BuildReport:
        self.encoder = self._make_encoder(fingerprint) if fingerprint else self._make_encoder()
        return build(Corpus(self.articles), self.out, self.encoder, BuildSettings(splitter, faiss))

    def vectors(self, name: str) -> Vectors:
        """The article's vectors as the next build would reuse them."""
        index = open_index(self.out)
        passages = index.passages(name)
        vectors = index.dense.vectors(passages[0].id, len(passages)).copy()
        index.close()
        return vectors

    def texts(self) -> dict[str, str]:
        index = open_index(self.out)
        found = {article.id: index.find_article(article.id) for article in index.articles}
        index.close()
        return {name: article.text for name, article in found.items() if article is not None}

    def passages(self, name: str) -> list[str]:
        index = open_index(self.out)
        texts = [index.passage_text(passage) for passage in index.passages(name)]
        index.close()
        return texts

    def searched(self, name: str) -> list[str]:
        """What each of the article's passages is embedded as: its context words and its own."""
        index = open_index(self.out)
        found = index.passages(name)
        texts = [f"{index.context(one)}\n{index.passage_text(one)}" for one in found]
        index.close()
        return texts


@pytest.fixture
def desk(articles: Path, tmp_path: Path, make_encoder: type[FakeEncoder]) -> Desk:
    return Desk(articles, tmp_path / "index", make_encoder)


def _counts(report: BuildReport) -> tuple[int, int, int, int]:
    return report.new, report.changed, report.unchanged, report.removed


def test_the_first_build_embeds_every_passage_once(desk: Desk) -> None:
    report = desk.build()
    assert _counts(report) == (3, 0, 0, 0)
    assert (report.generation, report.published, report.articles) == ("gen-000001", True, 3)
    stored = [text for name in sorted(desk.texts()) for text in desk.searched(name)]
    assert desk.encoder.embedded == stored
    assert report.passages == len(stored) > 3
    assert report.failures == ()
    assert report.seconds > 0


def test_a_passage_has_the_vector_of_its_context_and_its_text(desk: Desk) -> None:
    desk.build()
    expected = [desk.encoder.encode_query(text) for text in desk.searched("railway.txt")]
    np.testing.assert_array_equal(desk.vectors("railway.txt"), np.array(expected))


def test_nothing_changed_publishes_nothing_and_embeds_nothing(desk: Desk) -> None:
    first = desk.build()
    again = desk.build()
    assert _counts(again) == (0, 0, 3, 0)
    assert (again.generation, again.published) == ("gen-000001", False)
    assert (again.articles, again.passages) == (first.articles, first.passages)
    assert desk.encoder.embedded == []
    assert Layout(desk.out).numbers() == [1]


@pytest.mark.parametrize("kind", _KINDS)
def test_only_the_changed_article_is_embedded_again(
    desk: Desk, make_prose: Callable[..., str], kind: FaissKind
) -> None:
    desk.build(kind)
    before = {name: desk.vectors(name) for name in desk.texts()}
    (desk.articles / "railway.txt").write_text(make_prose("tramway"), "utf-8")
    report = desk.build(kind)
    assert _counts(report) == (0, 1, 2, 0)
    assert report.published
    assert desk.encoder.embedded == desk.searched("railway.txt")
    assert all("tramway" in text for text in desk.encoder.embedded)
    for name in ("harbour.txt", "satellite.txt"):
        assert desk.vectors(name).tobytes() == before[name].tobytes()
    expected = [desk.encoder.encode_query(text) for text in desk.searched("railway.txt")]
    np.testing.assert_array_equal(desk.vectors("railway.txt"), np.array(expected))


@pytest.mark.slow
@pytest.mark.parametrize("kind", _KINDS)
def test_vectors_stay_bit_for_bit_over_many_generations(
    desk: Desk, make_prose: Callable[..., str], kind: FaissKind
) -> None:
    desk.build(kind)
    before = desk.vectors("satellite.txt").tobytes()
    for number in range(3):
        # Sorted before the others, so that every id moves.
        (desk.articles / f"a{number}.txt").write_text(make_prose(f"topic{number}", 5 + number), "utf-8")
        assert _counts(desk.build(kind)) == (1, 0, 3 + number, 0)
    assert desk.vectors("satellite.txt").tobytes() == before


@pytest.mark.parametrize("kind", _KINDS)
def test_new_metadata_that_is_no_context_embeds_nothing(desk: Desk, kind: FaissKind) -> None:
    desk.build(kind)
    before = desk.vectors("harbour.txt").tobytes()
    (desk.articles / "metadata.toml").write_text('["harbour.txt"]\nauthor = "Ada Krog"\n', "utf-8")
    report = desk.build(kind)
    assert _counts(report) == (0, 1, 2, 0)
    assert report.published
    assert desk.encoder.embedded == []
    assert desk.vectors("harbour.txt").tobytes() == before
    index = open_index(desk.out)
    assert [article.metadata.author for article in index.articles] == ["Ada Krog", None, None]
    index.close()


def test_a_new_title_is_embedded_with_its_article(desk: Desk) -> None:
    desk.build()
    (desk.articles / "metadata.toml").write_text('["harbour.txt"]\ntitle = "The old port"\n', "utf-8")
    assert _counts(desk.build()) == (0, 1, 2, 0)
    assert desk.encoder.embedded == desk.searched("harbour.txt")
    assert all(text.startswith("The old port. harbour.\n") for text in desk.encoder.embedded)


def _move(desk: Desk, name: str, to: str) -> None:
    (desk.articles / to).parent.mkdir(exist_ok=True)
    (desk.articles / name).rename(desk.articles / to)


@pytest.mark.parametrize("kind", _KINDS)
def test_a_renamed_file_is_not_embedded_again_if_its_context_stays(desk: Desk, kind: FaissKind) -> None:
    desk.build(kind)
    before, passages = desk.vectors("harbour.txt").tobytes(), desk.passages("harbour.txt")
    _move(desk, "harbour.txt", "docs/017-harbour.txt")
    report = desk.build(kind)
    assert _counts(report) == (1, 0, 2, 1)
    assert desk.encoder.embedded == []
    assert desk.vectors("docs/017-harbour.txt").tobytes() == before
    assert desk.passages("docs/017-harbour.txt") == passages
    assert "harbour.txt" not in desk.texts()

    _move(desk, "docs/017-harbour.txt", "zebra.txt")
    assert _counts(desk.build(kind)) == (1, 0, 2, 1)
    assert desk.encoder.embedded == desk.searched("zebra.txt")
    assert desk.passages("zebra.txt") == passages


def test_two_files_that_swap_names_keep_their_vectors(desk: Desk) -> None:
    _move(desk, "harbour.txt", "001.txt")
    _move(desk, "railway.txt", "002.txt")
    desk.build()
    harbour, railway = desk.vectors("001.txt"), desk.vectors("002.txt")
    _move(desk, "001.txt", "swap")
    _move(desk, "002.txt", "001.txt")
    _move(desk, "swap", "002.txt")
    assert _counts(desk.build()) == (0, 2, 1, 0)
    assert desk.encoder.embedded == []
    assert desk.vectors("002.txt").tobytes() == harbour.tobytes()
    assert desk.vectors("001.txt").tobytes() == railway.tobytes()


def test_a_copy_of_an_article_is_indexed_and_not_embedded_again(desk: Desk) -> None:
    desk.build()
    text = (desk.articles / "harbour.txt").read_text("utf-8")
    (desk.articles / "harbour-2.txt").write_text(text, "utf-8")
    assert _counts(desk.build()) == (1, 0, 3, 0)
    assert desk.encoder.embedded == []
    assert desk.passages("harbour-2.txt") == desk.passages("harbour.txt")


def test_a_deleted_article_is_gone(desk: Desk) -> None:
    desk.build()
    (desk.articles / "railway.txt").unlink()
    report = desk.build()
    assert _counts(report) == (0, 0, 2, 1)
    assert report.published
    assert desk.encoder.embedded == []
    assert sorted(desk.texts()) == ["harbour.txt", "satellite.txt"]
    index = open_index(desk.out)
    assert index.find_article("railway.txt") is None
    assert index.search_lexical("railway5", 10)[0].tolist() == []
    assert len(index.dense) == report.passages
    index.close()


def test_new_changed_unchanged_and_removed_are_counted_together(
    desk: Desk, make_prose: Callable[..., str]
) -> None:
    desk.build()
    (desk.articles / "harbour.txt").unlink()
    (desk.articles / "railway.txt").write_text(make_prose("tramway"), "utf-8")
    for name in ("one.txt", "two.txt"):
        (desk.articles / name).write_text(make_prose(name[:3]), "utf-8")
    assert _counts(desk.build()) == (2, 1, 1, 1)


def test_other_splitter_settings_embed_everything_again(desk: Desk) -> None:
    desk.build()
    report = desk.build(splitter=SplitterSettings(max_tokens=48, overlap_tokens=0))
    assert _counts(report) == (0, 0, 3, 0)
    assert report.published
    assert len(desk.encoder.embedded) == report.passages
    index = open_index(desk.out)
    assert index.manifest.splitter == {"max_tokens": 48, "overlap_tokens": 0, "language": "en"}
    index.close()


def test_another_encoder_embeds_everything_again(desk: Desk) -> None:
    desk.build()
    before = desk.vectors("harbour.txt")
    report = desk.build(fingerprint="cd" * 32)
    assert _counts(report) == (0, 0, 3, 0)
    assert report.published
    assert len(desk.encoder.embedded) == report.passages
    assert not np.array_equal(desk.vectors("harbour.txt"), before)
    index = open_index(desk.out)
    assert index.manifest.encoder == {"name": "fake", "sha256": "cd" * 32, "dimension": 32}
    index.close()


@pytest.mark.parametrize("before", _KINDS)
@pytest.mark.parametrize("after", _KINDS)
def test_another_kind_of_faiss_index_reuses_the_vectors(
    desk: Desk, before: FaissKind, after: FaissKind
) -> None:
    desk.build(before)
    vectors = desk.vectors("harbour.txt").tobytes()
    report = desk.build(after)
    assert report.published is (before != after)
    assert _counts(report) == (0, 0, 3, 0)
    assert desk.encoder.embedded == []
    assert desk.vectors("harbour.txt").tobytes() == vectors
    index = open_index(desk.out)
    assert index.manifest.dense == after
    index.close()


def _kind(desk: Desk) -> str:
    index = open_index(desk.out)
    index.close()
    return index.manifest.dense


def test_the_kind_follows_the_number_of_passages(
    desk: Desk, make_prose: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    passages = desk.build("auto").passages
    assert _kind(desk) == "flat"
    assert desk.build("auto").published is False

    monkeypatch.setattr(dense, "FLAT_UP_TO", passages)
    monkeypatch.setattr(dense, "HNSW_UP_TO", passages + 1)
    assert desk.build("auto").published is False
    (desk.articles / "zebra.txt").write_text("A zebra.", "utf-8")
    assert desk.build("auto").passages == passages + 1
    assert _kind(desk) == "hnsw"
    assert desk.encoder.embedded == ["zebra.\nA zebra."]
    assert desk.build("auto").published is False

    (desk.articles / "zebra.txt").write_text(make_prose("zebra"), "utf-8")
    desk.build("auto")
    assert _kind(desk) == "ivf-sq8"
    (desk.articles / "zebra.txt").unlink()
    assert desk.build("auto").published
    assert _kind(desk) == "flat"


def test_a_named_kind_does_not_depend_on_the_number_of_passages(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "FLAT_UP_TO", 1)
    desk.build("flat")
    assert _kind(desk) == "flat"
    assert desk.build("flat").published is False
    assert desk.build("auto").published
    assert _kind(desk) == "hnsw"
    assert desk.encoder.embedded == []
    assert desk.build("hnsw").published is False


def test_the_kind_is_chosen_by_number_unless_it_is_named(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "FLAT_UP_TO", 1)
    build(Corpus(articles), tmp_path / "index", fake_encoder)
    assert open_index(tmp_path / "index").manifest.dense == "hnsw"


def test_a_file_that_becomes_unreadable_keeps_its_last_readable_version(
    desk: Desk, make_prose: Callable[..., str]
) -> None:
    desk.build()
    text = (desk.articles / "harbour.txt").read_text("utf-8")
    (desk.articles / "harbour.txt").write_bytes(b"\xff\xfe" + text.encode("utf-16-le") + b"\x00")
    report = desk.build()
    assert _counts(report) == (0, 0, 3, 0)
    assert not report.published
    ((path, reason),) = [(failure.path, failure.reason) for failure in report.failures]
    assert path == "harbour.txt"
    assert "UTF-16" in reason
    assert "last readable version stays" in reason

    (desk.articles / "railway.txt").write_text(make_prose("tramway"), "utf-8")
    report = desk.build()
    assert _counts(report) == (0, 1, 2, 0)
    assert len(report.failures) == 1
    assert desk.texts()["harbour.txt"] == text

    # Embedding everything again includes the version that only the index still has.
    report = desk.build(fingerprint="cd" * 32)
    assert len(desk.encoder.embedded) == report.passages
    assert desk.texts()["harbour.txt"] == text


def test_an_unreadable_file_that_was_never_indexed_is_reported_and_the_rest_indexed(desk: Desk) -> None:
    (desk.articles / "broken.txt").write_bytes(b"caf\xe9")
    (desk.articles / "picture.png").write_bytes(b"\x89PNG")
    (desk.articles / "metadata.toml").write_text('["harbour.txt"]\ntitle = "Harbour"\n', "utf-8")
    report = desk.build()
    assert _counts(report) == (3, 0, 0, 0)
    assert [failure.path for failure in report.failures] == ["broken.txt"]
    assert "0xe9" in report.failures[0].reason
    assert "last readable" not in report.failures[0].reason
    assert report.ignored == 1


def test_an_unreadable_file_that_is_repaired_is_a_changed_article(
    desk: Desk, make_prose: Callable[..., str]
) -> None:
    desk.build()
    (desk.articles / "harbour.txt").write_bytes(b"")
    desk.build()
    (desk.articles / "harbour.txt").write_text(make_prose("mended"), "utf-8")
    report = desk.build()
    assert _counts(report) == (0, 1, 2, 0)
    assert report.failures == ()
    assert desk.texts()["harbour.txt"] == make_prose("mended")


@pytest.mark.parametrize("content", [None, b"\xff\xff"])
def test_a_folder_without_a_readable_article_is_refused(
    tmp_path: Path, fake_encoder: FakeEncoder, content: bytes | None
) -> None:
    folder = tmp_path / "articles"
    folder.mkdir()
    if content is not None:
        (folder / "a.txt").write_bytes(content)
    with pytest.raises(CorpusError, match="no article"):
        build(Corpus(folder), tmp_path / "index", fake_encoder)
    assert Layout(tmp_path / "index").numbers() == []


def test_emptying_the_folder_leaves_the_index_as_it_was(desk: Desk) -> None:
    desk.build()
    before = desk.texts()
    for path in desk.articles.iterdir():
        path.unlink()
    with pytest.raises(CorpusError, match=r"put \.txt, \.md or \.html files there"):
        desk.build()
    assert desk.texts() == before


def test_an_unknown_kind_of_faiss_index_is_refused_before_anything_is_written(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    settings = BuildSettings(faiss="annoy")  # type: ignore[arg-type]
    with pytest.raises(SettingsError, match="flat, hnsw, ivf-sq8"):
        build(Corpus(articles), tmp_path / "index", fake_encoder, settings)
    assert not (tmp_path / "index").exists()


def test_a_damaged_index_is_replaced_though_no_article_changed(desk: Desk) -> None:
    desk.build()
    (Layout(desk.out).generation(1) / Layout.CORPUS).write_bytes(b"")
    report = desk.build()
    assert (report.generation, report.published) == ("gen-000002", True)
    assert _counts(report) == (3, 0, 0, 0)
    assert current_number(Layout(desk.out)) == 2
    assert sorted(desk.texts()) == ["harbour.txt", "railway.txt", "satellite.txt"]


def test_a_damaged_index_is_replaced_from_the_one_before(desk: Desk, make_prose: Callable[..., str]) -> None:
    desk.build()
    (desk.articles / "railway.txt").write_text(make_prose("tramway"), "utf-8")
    desk.build()
    (Layout(desk.out).generation(2) / Layout.CORPUS).write_bytes(b"")
    report = desk.build()
    assert (report.generation, report.published) == ("gen-000003", True)
    assert _counts(report) == (0, 1, 2, 0)
    assert desk.encoder.embedded == desk.searched("railway.txt")
    assert "tramway" in desk.texts()["railway.txt"]


def test_a_damaged_index_that_falls_back_to_the_same_articles_is_published_anew(desk: Desk) -> None:
    desk.build("flat")
    desk.build("hnsw")
    (Layout(desk.out).generation(2) / Layout.DENSE).write_bytes(b"")
    report = desk.build("flat")  # what generation 1 holds, but CURRENT names the damaged one
    assert (report.generation, report.published) == ("gen-000003", True)
    assert current_number(Layout(desk.out)) == 3


def test_the_generation_kept_as_a_fallback_is_sound(desk: Desk, make_prose: Callable[..., str]) -> None:
    desk.build()
    (desk.articles / "railway.txt").write_text(make_prose("tramway"), "utf-8")
    desk.build()
    (Layout(desk.out).generation(2) / Layout.CORPUS).write_bytes(b"")
    desk.build()
    (Layout(desk.out).generation(3) / Layout.CORPUS).write_bytes(b"")
    index = open_index(desk.out)
    assert index.manifest.name == "gen-000001"
    index.close()


def test_progress_reaches_the_total_of_every_stage(
    articles: Path, tmp_path: Path, fake_encoder: FakeEncoder
) -> None:
    class Recorder:
        def __init__(self) -> None:
            self.stages: list[list[int]] = []

        def start(self, stage: str, total: int) -> None:  # noqa: ARG002
            self.stages.append([total, 0])

        def advance(self, steps: int = 1) -> None:
            self.stages[-1][1] += steps

    (articles / "broken.txt").write_bytes(b"\xff\xff")
    recorder = Recorder()
    report = build(Corpus(articles), tmp_path / "index", fake_encoder, progress=recorder)
    assert recorder.stages == [[4, 4], [3, 3], [report.passages] * 2, [3, 3]]


def test_a_folder_that_cannot_be_read_keeps_its_articles(desk: Desk, tmp_path: Path) -> None:
    inner = desk.articles / "inner"
    inner.mkdir()
    (inner / "a.txt").write_text("The inner text is kept.", "utf-8")
    desk.build()
    inner.rename(tmp_path / "moved")
    inner.symlink_to(tmp_path / "moved")
    report = desk.build()
    assert report.removed == 0
    assert [failure.path for failure in report.failures] == ["inner/"]
    assert desk.texts()["inner/a.txt"] == "The inner text is kept."


def test_a_broken_sidecar_leaves_the_index_as_it_was(desk: Desk) -> None:
    (desk.articles / "metadata.toml").write_text('["harbour.txt"]\nauthor = "Ann"\n', "utf-8")
    desk.build()
    (desk.articles / "metadata.toml").write_text('["harbour.txt"]\nauthr = "Ann"\n', "utf-8")
    assert _counts(desk.build()) == (0, 0, 3, 0)
    (desk.articles / "metadata.toml").write_text("[", "utf-8")
    with pytest.raises(SidecarError):
        desk.build()
    index = open_index(desk.out)
    assert {article.id: article.metadata.author for article in index.articles}["harbour.txt"] == "Ann"
    index.close()
