"""Large arrays that stay on disk: read when touched, released from memory when not needed."""

from __future__ import annotations

import json
import mmap
import tempfile
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]


class Mapped:
    """A file's bytes, mapped privately: writing to them changes only this process's copy.

    A compiled model keeps the weights that it was compiled from and hardly reads them again. In memory they
    would be held twice; mapped, `release` frees them, and pages are read from disk again when touched.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.bytes: Bytes = np.frombuffer(self._map, dtype=np.uint8)

    @classmethod
    def open(cls, path: Path) -> Mapped:
        """Map a file; OSError if it cannot be read, ValueError if it is empty."""
        with path.open("rb") as file:
            return cls(file)

    @classmethod
    def copy_of(cls, data: Bytes) -> Mapped:
        """Map a copy of the data in an unnamed temporary file; OSError if the disk is full."""
        with tempfile.TemporaryFile() as file:
            file.write(data.data)
            file.flush()
            return cls(file)

    def release(self) -> None:
        """Free the memory; a page that was not written to is read again when touched."""
        if hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED)


_KINDS = {
    "F64": np.float64,
    "F32": np.float32,
    "F16": np.float16,
    "I64": np.int64,
    "I8": np.int8,
    "U8": np.uint8,
}


def safetensors_arrays(data: Bytes) -> dict[str, npt.NDArray[Any]]:
    """Return the arrays in a safetensors file's bytes as views; types that NumPy lacks are left out.

    The format: the length of a header in 8 bytes, the header in JSON, the arrays' bytes
    (https://huggingface.co/docs/safetensors).

    Raises:
        ValueError, KeyError, TypeError: it is not such a file.
    """
    length = int.from_bytes(data[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    body = data[8 + length :]
    found = {}
    for name, described in header.items():
        if described["dtype"] not in _KINDS:
            continue  # such as bfloat16
        first, last = described["data_offsets"]
        found[name] = body[first:last].view(_KINDS[described["dtype"]]).reshape(described["shape"])
    return found
