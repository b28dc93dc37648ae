"""Arrays in NumPy's file format, mapped and checked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from indexer.errors import DamagedGenerationError


def map_array(path: Path, kind: npt.DTypeLike, dimensions: int) -> npt.NDArray[Any]:
    """Map an array of this type and number of dimensions; bytes are read when touched.

    A header that states more data than the file holds is refused, where reading would allocate all of it.

    Raises:
        DamagedGenerationError: the file is missing, or does not hold such an array.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    # The header is parsed as Python, and an invalid one raises errors of many kinds.
    except Exception as error:
        raise DamagedGenerationError(f"{path} cannot be read ({error}): run `quoth index` again") from error
    if array.dtype != kind or array.ndim != dimensions:
        raise DamagedGenerationError(f"{path} holds another array than was written: run `quoth index` again")
    return array
