"""The peers themselves, if they are installed, and the whole command with the installed ones."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from transformers import BertConfig

from eval.benchmark.peers.commands import compare
from eval.benchmark.peers.contestant import running
from eval.benchmark.peers.errors import PeerError
from eval.benchmark.peers.install import FOLDER, INSTALL, PEERS, STAMP, python_of, releases
from eval.benchmark.peers.lineup import Task, peers, quoth
from eval.training.model import SpanModel
from indexer.build import build
from indexer.corpus import Corpus
from indexer.encoders.encoder import Encoder
from indexer.engines.faiss.index import open_index
from indexer.settings import BuildSettings, SplitterSettings
from service.errors import ReaderError

ARTICLES = {
    "harbour.txt": "The harbour at Gwadar was opened in 2007. It can take three ships at once.",
    "train.txt": "The metro of Lahore carries 250,000 passengers a day. Its line is 27 kilometres long.",
}
QUESTIONS = [
    {"question": "When was the harbour at Gwadar opened?", "answers": ["2007"]},
    {"question": "How long is the line of Lahore's metro?", "answers": ["27 kilometres"]},
    {"question": "Who designed the bridge of Karachi?", "answers": []},
]

pytestmark = [pytest.mark.models, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def index(encoder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("peers")
    (root / "articles").mkdir()
    for name, text in ARTICLES.items():
        (root / "articles" / name).write_text(text, "utf-8")
    settings = BuildSettings(SplitterSettings(max_tokens=150, overlap_tokens=0))
    build(Corpus(root / "articles"), root / "index", encoder, settings)
    return root / "index"


@pytest.mark.parametrize("name", PEERS)
def test_an_installed_peer_reads_as_quoth_does(index: Path, tmp_path: Path, name: str) -> None:
    if python_of(PEERS[name]) is None:
        pytest.skip(f"{PEERS[name].label} is not installed: `{INSTALL} --peer {name}` installs it")
    task, messages = Task(index, "default", 2), list[str]()
    with contextlib.closing(open_index(index)) as opened:
        others = peers(task, opened, [name], FOLDER, messages.append)
        texts = {str(number): opened.passage_text(opened.passage(number)) for number in range(2)}
    assert not messages
    for contestant in (quoth(task), *others):
        with running(contestant, tmp_path / "log") as system:
            for question in QUESTIONS[:2]:
                answer = system.ask(str(question["question"]))
                assert answer.text.removesuffix(" long") in question["answers"], contestant.name
                assert answer.text in texts[answer.passage or ""]
                assert answer.seconds > 0
            assert set(contestant.configuration["runtime"]) <= set(system.ready.versions)


def test_the_command_compares_the_installed_systems(
    index: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset, record = tmp_path / "set.jsonl", tmp_path / "record.json"
    dataset.write_text("\n".join(map(json.dumps, QUESTIONS)), "utf-8")
    compare(
        index=index, reader="default", peer=None, dataset=dataset, questions=9, warm_up=1, top_k=2,
        folder=tmp_path / "nobody", seed=0, json_=record,
    )  # fmt: skip
    shown = capsys.readouterr()
    for peer in PEERS.values():
        assert f"{peer.label} is left out" in shown.err
        assert f"--peer {peer.name} --folder {tmp_path / 'nobody'}" in " ".join(shown.err.split())
    assert "Quoth" in shown.out
    kept = json.loads(record.read_text("utf-8"))
    (system,) = kept["systems"]
    assert (kept["n"], kept["passages"], kept["warm_up"], kept["clients"]) == (3, 2, 1, 1)
    assert system["name"] == "Quoth"
    assert system["ratio_of_medians"] == {"value": 1.0, "low": 1.0, "high": 1.0, "n": 3}
    assert system["right_article"]["value"] == 1.0
    assert system["f1"]["n"] == 2
    assert 0 < system["milliseconds"]["p50"] <= system["milliseconds"]["p99"]
    assert kept["environment"]["hardware"]["cores"] >= 1
    assert sorted(one["id"] for one in kept["questions"]) == ["1", "2", "3"]
    assert "no cache" in system["settings"]


@pytest.mark.filterwarnings(r"ignore:`torch\.jit\.trace(_method)?` is deprecated:DeprecationWarning")
@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.filterwarnings("ignore:Converting a tensor to a Python boolean:torch.jit.TracerWarning")
def test_a_peer_gets_the_passages_of_the_index(
    index: Path, tmp_path: Path, span_model: Callable[..., SpanModel], exported: Callable[..., Path]
) -> None:
    """The peer's environment is empty: its configuration is checked, and nothing is started."""
    python = tmp_path / "txtai" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    config = BertConfig(
        vocab_size=2_000, hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64
    )
    reader = str(exported(span_model(config), ["[PAD]", "[CLS]", "[SEP]", "[MASK]", "[UNK]"]))
    messages: list[str] = []
    with contextlib.closing(open_index(index)) as opened:
        task = Task(index, reader, 5)
        assert peers(task, opened, ["txtai"], tmp_path, messages.append) == []
        assert len(messages) == 1
        (tmp_path / "txtai" / STAMP).write_text(json.dumps(releases(PEERS["txtai"])), "utf-8")
        found = peers(task, opened, ["txtai"], tmp_path, messages.append)
        with pytest.raises(ReaderError, match="'nobody'"):
            peers(Task(index, "nobody", 5), opened, ["txtai"], tmp_path, messages.append)
        with pytest.raises(PeerError, match="'solr'"):
            peers(task, opened, ["txtai", "solr"], tmp_path, messages.append)
    assert len(messages) == 1
    assert [one.configuration["way"] for one in found] == ["passages", "joined"]
    for one in found:
        assert one.python == python
        assert one.script.is_file()
        assert one.configuration["top_k"] == 5
        assert [passage["text"] for passage in one.configuration["passages"]] == [*ARTICLES.values()]
        assert [passage["id"] for passage in one.configuration["passages"]] == ["0", "1"]
        assert (Path(one.configuration["encoder"]) / "config.json").is_file()
        assert (Path(one.configuration["checkpoint"]) / "model.safetensors").is_file()
