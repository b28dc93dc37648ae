"""The arrays that travel between the modules, one name for each shape and meaning."""

from __future__ import annotations

import numpy as np

Vector = np.ndarray[tuple[int], np.dtype[np.float32]]
"""One text's embedding, `float32 (dimension,)`, of length 1."""

Vectors = np.ndarray[tuple[int, int], np.dtype[np.float32]]
"""Embeddings, `float32 (n, dimension)`, each row of length 1: an inner product of two rows is a cosine."""

Scores = np.ndarray[tuple[int], np.dtype[np.float32]]
"""One score for each of n passages, `float32 (n,)`; higher is better."""

Ids = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Passage ids, `int64 (n,)`."""

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
"""Whether each passage of a generation may be returned, `bool (passages,)`."""
