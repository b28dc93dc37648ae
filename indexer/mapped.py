"""Large arrays that stay on disk: read when they are touched, and forgotten when they are not needed."""

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
    """A file's bytes, mapped privately: what is written to them stays in this process.

    A model that has been compiled keeps what it was compiled from and hardly looks at it again. From memory
    it would hold its weights twice; from here they go when `forget` says so, and come back from the disk
    where they are touched after all.
    """

    def __init__(self, file: IO[bytes]) -> None:
        self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        self.bytes: Bytes = np.frombuffer(self._map, dtype=np.uint8)

    @classmethod
    def of(cls, path: Path) -> Mapped:
        """Map a file; OSError or ValueError where it cannot be, or is empty."""
        with path.open("rb") as file:
            return cls(file)

    @classmethod
    def kept(cls, data: Bytes) -> Mapped:
        """Map a copy of the data in a file of no name, which goes with the process; OSError without room."""
        with tempfile.TemporaryFile() as file:
            file.write(data.data)
            file.flush()
            return cls(file)

    def forget(self) -> None:
        """Give the memory back; a page that was not written to is read again when it is touched."""
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
    """Return the arrays in a safetensors file's bytes where they are, without a copy; of other numbers, none.

    The format: the length of a header in 8 bytes, the header in JSON, the arrays' bytes
    (https://huggingface.co/docs/safetensors).

    Raises:
        ValueError, KeyError, TypeError: it is no such file.
    """
    length = int.from_bytes(data[:8].tobytes(), "little")
    header: dict[str, Any] = json.loads(data[8 : 8 + length].tobytes())
    header.pop("__metadata__", None)
    body = data[8 + length :]
    found = {}
    for name, described in header.items():
        if described["dtype"] not in _KINDS:
            continue  # NumPy has no bfloat16
        first, last = described["data_offsets"]
        found[name] = body[first:last].view(_KINDS[described["dtype"]]).reshape(described["shape"])
    return found
