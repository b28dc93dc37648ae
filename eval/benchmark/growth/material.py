"""Any number of passages: first the real ones, then copies of them with noise.

The real passages, questions and vectors are those of the development sets. Beyond them a vector is that of a
real passage plus Gaussian noise, normalised to unit length, and a text has the length of a real one and the
real words, shuffled. A grown set should be as hard to search as real text of its size, so the length of the
noise is chosen such that real questions' similarities to their ten nearest passages are distributed as among
real passages: `noise` says how it was found and how close it comes; `--noise` measures it again.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from eval.studies.retrieval import open_set, relevant_passages, sample
from indexer.arrays import Ids, Vectors
from indexer.encoders.encoder import Encoder

NEAREST = 100
"""How many of each question's highest exact similarities are stored."""
_BLOCK = 16_384  # vectors generated at a time


@dataclass(frozen=True, slots=True)
class Real:
    """Real passages in a random order, and real questions.

    `vectors`: `float32 (passages, dimension)`; `question_vectors`: `float32 (questions, dimension)`.
    `sources`: for each question, a passage that answers it.
    """

    texts: list[str]
    vectors: Vectors
    questions: list[str]
    question_vectors: Vectors
    sources: Ids


def gather(sets: Sequence[str], folder: Path, encoder: Encoder, questions: int, seed: int) -> Real:
    """Load development sets, indexed below `folder` on first use, and embed at most `questions` questions.

    Questions whose answer is not contained whole in any passage are left out.
    """
    texts: list[str] = []
    vectors, asked, sources = [], [], []
    for name in sets:
        paragraphs, index = open_set(name, folder, encoder)
        for question in sample(paragraphs.examples, math.ceil(questions / len(sets)), seed):
            if relevant := relevant_passages(index, question):
                asked.append(question.question)
                sources.append(len(texts) + min(relevant))
        count = index.manifest.passages
        texts += [index.passage_text(index.passage(number)) for number in range(count)]
        vectors.append(index.dense.vectors(0, count))
        index.close()
    order = np.random.default_rng(seed).permutation(len(texts))
    return Real(
        [texts[place] for place in order],
        np.concatenate(vectors)[order],
        asked,
        np.array([encoder.encode_query(question) for question in asked]),
        np.argsort(order)[sources],
    )


def noise(factor: float) -> float:
    """Return the length of the noise that grows a set to `factor` times its size, relative to a vector's.

    From `python -m eval.benchmark.growth --noise --questions 1000`: a random 1/2, 1/4 and 1/8 of 13,896 real
    passages, grown by noise to the same number, are closest to the real ones with noise of 0.3, 0.5 and 0.7
    to 0.8, that is 0.2 more with each doubling; the similarities of 477, 235 and 113 questions to their ten
    nearest then differ by 0.010, 0.022 and 0.028 on average. Beyond 8 times the rule is extrapolated: with
    less noise all the nearest would be copies of one passage. The similarities are reported with every size.
    """
    return 0.1 + 0.2 * math.log2(max(factor, 1.0))


def noisy(vectors: Vectors, length: float, generator: np.random.Generator) -> Vectors:
    """Return each vector plus Gaussian noise of about this length, normalised."""
    drawn = generator.standard_normal(vectors.shape, dtype=np.float32)
    moved = vectors + np.float32(length / math.sqrt(vectors.shape[1])) * drawn
    return np.asarray(moved / np.linalg.norm(moved, axis=1, keepdims=True), dtype=np.float32)


def grown(vectors: Vectors, size: int, seed: int, length: float | None = None) -> Iterator[Vectors]:
    """Yield `size` vectors in blocks: the real ones, then copies of them with noise.

    `length`: of the noise; by default `noise(size / len(vectors))`.
    """
    generator = np.random.default_rng([seed, size])
    length = noise(size / len(vectors)) if length is None else length
    for first in range(0, size, _BLOCK):
        numbers = np.arange(first, min(first + _BLOCK, size))
        block = vectors[numbers % len(vectors)]
        made = numbers >= len(vectors)
        if made.any():
            block[made] = noisy(block[made], length, generator)
        yield block


def highest(similarities: Vectors, count: int) -> Vectors:
    """Return the `count` highest values of each row, highest first; all if there are fewer."""
    kept = min(count, similarities.shape[1])
    last = similarities.shape[1] - kept
    return -np.sort(-np.partition(similarities, last, axis=1)[:, last:], axis=1)


def write_grown(real: Real, size: int, seed: int, path: Path, nearest: Path) -> None:
    """Write `size` vectors to `path`, and the questions' highest exact similarities to them to `nearest`.

    The vectors are never all in memory. Both files are `.npy`, the second `float32 (questions, up to
    NEAREST)`.
    """
    found = np.empty((len(real.questions), 0), np.float32)
    with path.open("wb") as file:
        header = {"descr": "<f4", "fortran_order": False, "shape": (size, real.vectors.shape[1])}
        np.lib.format.write_array_header_1_0(file, header)
        for block in grown(real.vectors, size, seed):
            file.write(block.tobytes())
            found = highest(np.hstack([found, real.question_vectors @ block.T]), NEAREST)
    np.save(nearest, found, allow_pickle=False)


def compare_noise(
    real: Real, factor: int, lengths: Sequence[float], seed: int, ranks: int = 10
) -> tuple[list[float], int]:
    """Grow 1/`factor` of the real passages to the full number, once with each length of noise.

    Returns, for each length, how far the questions' similarities to their `ranks` nearest are from those
    among all real passages, on average over ranks (the Wasserstein distance at each rank); and the number of
    questions, which are those whose own passage is in the part.
    """
    part = real.vectors[: len(real.vectors) // factor]
    asked = real.question_vectors[real.sources < len(part)]
    whole = np.sort(highest(asked @ real.vectors.T, ranks), axis=0)
    distances = []
    for length in lengths:
        blocks = [asked @ block.T for block in grown(part, len(real.vectors), seed, length)]
        like = np.sort(highest(np.hstack(blocks), ranks), axis=0)
        distances.append(float(np.abs(like - whole).mean()))
    return distances, len(asked)
