"""The five articles that ship with Quoth: unaltered, with the metadata that they state, fully indexed."""

from __future__ import annotations

import datetime
import hashlib
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from indexer.boilerplate import is_boilerplate
from indexer.corpus import Corpus, Failure
from indexer.encoders.encoder import Encoder
from indexer.records import Article, Metadata
from indexer.segmenter import sentence_offsets
from indexer.settings import SplitterSettings
from indexer.splitter import split

SEEDS = Path(__file__).parents[2] / "seeds"

# As `sha256sum *.txt` prints it.
SHA256 = {
    name: digest
    for digest, name in (
        line.split()
        for line in """
98ab71f4511e83bdff574480477180bf1885a5c8d2db1c732e66dd73d437c1b2  000-pakistan-bucic-delegation.txt
1aeb99f263965def529486a09d6b6e4f765234f965de4673527fc30210faed2f  001-sco-digital-technology-summit.txt
7a2641bb5476f330d4a8527da361ae85c9941b68983c23063b509dcf81f8cd7b  002-belt-and-road-smart-expo.txt
c08201796763230867db8baae96eaa221a64e941ac751a24837e7d782f97bafc  003-pakistan-digital-silk-road-cpec.txt
69a6d97fd88c0c078c0c542fe44f7257dfc7cac3c8aed591f29e73974356544c  004-china-asean-smart-cities.txt
""".strip().splitlines()
    )
}

METADATA = {
    "000-pakistan-bucic-delegation.txt": Metadata(published=datetime.date(2024, 1, 24)),
    "001-sco-digital-technology-summit.txt": Metadata(
        title="Pakistan Leads Digital Cooperation at SCO Summit, Emphasizes Collaboration and Connectivity"
    ),
    "002-belt-and-road-smart-expo.txt": Metadata(
        title="China opens up a new space for cooperation in the "
        '"Belt and Road" digital intelligent industry',
        publisher="Xinhua News Agency",
        author="Wu Kunpeng, Chen Qingbing, Xuan Liqi",
        published=datetime.date(2020, 9, 16),
    ),
    "003-pakistan-digital-silk-road-cpec.txt": Metadata(
        title="Pakistan pushes Digital Silk Road vision as centerpiece of next CPEC phase",
        publisher="Agencies",
    ),
    "004-china-asean-smart-cities.txt": Metadata(
        title="China and ASEAN countries make progress towards smart cities",
        author="Liu Xiaozhuo",
        published=datetime.date(2016, 9, 12),
    ),
}


@pytest.fixture(scope="module")
def seeds() -> dict[str, Article]:
    failures: list[Failure] = []
    articles = {article.id: article for article in Corpus(SEEDS).articles(failures.append)}
    assert failures == []
    return articles


def test_the_folder_holds_the_five_articles(seeds: dict[str, Article]) -> None:
    assert list(seeds) == sorted(SHA256)


@pytest.mark.parametrize("name", SHA256)
def test_the_files_are_unaltered(name: str) -> None:
    assert hashlib.sha256((SEEDS / name).read_bytes()).hexdigest() == SHA256[name]


@pytest.mark.parametrize("name", SHA256)
def test_the_text_is_the_file(seeds: dict[str, Article], name: str) -> None:
    assert seeds[name].text.encode() == (SEEDS / name).read_bytes()
    assert seeds[name].sha256 == SHA256[name]


@pytest.mark.parametrize("name", METADATA)
def test_the_metadata_is_what_the_article_states(seeds: dict[str, Article], name: str) -> None:
    assert seeds[name].metadata == METADATA[name]


def test_the_sidecar_names_only_these_articles() -> None:
    assert tomllib.loads((SEEDS / "metadata.toml").read_text()).keys() == SHA256.keys()


def test_boilerplate_lines_are_in_no_sentence(seeds: dict[str, Article]) -> None:
    lines = {
        line.strip()
        for article in seeds.values()
        for line in article.text.split("\n")
        if is_boilerplate(line)
    }
    held = [
        article.text[start:end] for article in seeds.values() for start, end in sentence_offsets(article.text)
    ]

    assert len(lines) >= 3, "the seeds have boilerplate to leave out"
    assert not any(line in sentence.split("\n") for line in lines for sentence in held)


@pytest.mark.models
@pytest.mark.parametrize("overlap", [0, 50])
@pytest.mark.parametrize("name", SHA256)
def test_passages_cover_each_article_in_order_with_the_real_encoder(
    seeds: dict[str, Article], encoder: Encoder, name: str, overlap: int
) -> None:
    text = seeds[name].text
    sentences = sentence_offsets(text)

    passages = split(
        text,
        sentences,
        SplitterSettings(overlap_tokens=overlap),
        encoder.count_tokens,
        limit=encoder.max_tokens,
    )

    assert all(a[0] < b[0] and a[1] < b[1] for a, b in pairwise(passages))
    starts, ends = {start for start, _ in sentences}, {end for _, end in sentences}
    assert all(start in starts and end in ends for start, end in passages), "a sentence is cut"
    for start, end in sentences:
        assert any(first <= start and end <= last for first, last in passages)
    covered = {position for start, end in passages for position in range(start, end)}
    position = 0
    for line in text.split("\n"):
        inside = [position + n in covered for n, char in enumerate(line) if not char.isspace()]
        assert not any(inside) if is_boilerplate(line) else all(inside)
        position += len(line) + 1
    for (start, end), tokens in zip(
        passages, encoder.count_tokens([text[start:end] for start, end in passages]), strict=True
    ):
        alone = (start, end) in sentences
        assert tokens <= (encoder.max_tokens if alone else 136)
