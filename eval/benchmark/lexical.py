"""Quoth's BM25 compared with bm25s and tantivy: `python -m eval.benchmark.lexical`.

The extra `benchmark` installs the other two. All three index the same stemmed terms of the same passages, so
only the engines differ: retrieval quality, indexing time, search time and bytes on disk. `--copies` repeats
the corpus, each copy with its words shuffled, to measure a larger index.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import accumulate, pairwise
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.table import Table

from eval.metrics import mean_reciprocal_rank, recall_at
from eval.studies.retrieval import open_set, relevant_passages, sample
from indexer.analyzer import question_terms, terms
from indexer.cli import run_commands
from indexer.encoders.loading import load_encoder
from indexer.engines.faiss.lexical import LexicalIndex
from indexer.engines.faiss.postings import K1, B

_COUNT = 100

Search = Callable[[str], Sequence[int]]


def build_quoth(texts: Sequence[str], folder: Path) -> Search:
    """Index with Quoth, save, open and return its search function."""
    LexicalIndex.build(texts).save(folder)
    index = LexicalIndex.load(folder, len(texts))
    return lambda question: index.search(question, _COUNT)[0].tolist()


def build_bm25s(texts: Sequence[str], folder: Path) -> Search:
    """Index the same terms with bm25s, save, load and return its search function."""
    import bm25s  # noqa: PLC0415 - optional

    made = bm25s.BM25(k1=K1, b=B, method="lucene")
    made.index([terms(text) for text in texts], show_progress=False)
    made.save(folder, show_progress=False)
    index = bm25s.BM25.load(folder, show_progress=False)
    count = min(_COUNT, len(texts))

    def search(question: str) -> Sequence[int]:
        if not (known := [term for term in question_terms(question) if term in index.vocab_dict]):
            return []
        found, scores = index.retrieve([known], k=count, show_progress=False)
        return [int(number) for number, score in zip(found[0], scores[0], strict=True) if score > 0]

    return search


def build_tantivy(texts: Sequence[str], folder: Path) -> Search:
    """Index the same terms with tantivy, open the index and return its search function."""
    import tantivy  # noqa: PLC0415 - optional

    schema = tantivy.SchemaBuilder()
    schema.add_text_field("terms", tokenizer_name="whitespace", index_option="freq")
    schema.add_unsigned_field("id", stored=True)
    index = tantivy.Index(schema.build(), path=str(folder))
    writer = index.writer(num_threads=1)
    for number, text in enumerate(texts):
        writer.add_document(tantivy.Document(terms=" ".join(terms(text)), id=number))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    searcher = index.searcher()

    def search(question: str) -> Sequence[int]:
        query: Any = tantivy.Query.boolean_query(
            [
                (
                    tantivy.Occur.Should,
                    tantivy.Query.term_query(index.schema, "terms", term, index_option="freq"),
                )
                for term in question_terms(question)
            ]
        )
        return [searcher.doc(address)["id"][0] for _, address in searcher.search(query, limit=_COUNT).hits]

    return search


def main(
    name: Annotated[str, typer.Option("--set", help="Development set.")] = "wiki",
    questions: Annotated[int, typer.Option(help="Ask at most this many questions.")] = 1_500,
    copies: Annotated[int, typer.Option(help="Copies of the corpus, all but the first shuffled.")] = 1,
    folder: Annotated[Path, typer.Option(help="Where the indexes of the sets are stored.")] = Path(
        ".quoth/studies"
    ),
) -> None:
    """Compare Quoth's BM25, bm25s and tantivy on one development set."""
    paragraphs, index = open_set(name, folder, load_encoder())
    passages = [index.passage(number) for number in range(index.manifest.passages)]
    texts = list(grown_texts([index.passage_text(passage) for passage in passages], copies * len(passages)))
    asked = sample(paragraphs.examples, questions, seed=0)
    relevant = [relevant_passages(index, question) for question in asked]
    table = Table(
        "",
        "recall@8",
        "MRR",
        "index s",
        "MB",
        "p50 ms",
        "p95 ms",
        title=f"{name}: {len(texts)} passages, n={len(asked)}",
    )
    for label, make in {"quoth": build_quoth, "bm25s": build_bm25s, "tantivy": build_tantivy}.items():
        with tempfile.TemporaryDirectory() as temporary:
            began = time.perf_counter()
            search = make(texts, Path(temporary))
            took = time.perf_counter() - began
            size = sum(path.stat().st_size for path in Path(temporary).rglob("*"))
            times, ranks = [], []
            for question, wanted in zip(asked, relevant, strict=True):
                start = time.perf_counter()
                found = search(question.question)
                times.append((time.perf_counter() - start) * 1_000)
                ranks.append(next((place for place, number in enumerate(found, 1) if number in wanted), None))
        table.add_row(
            label,
            f"{recall_at(ranks, 8):.3f}",
            f"{mean_reciprocal_rank(ranks):.3f}",
            f"{took:.2f}",
            f"{size / 1e6:.1f}",
            f"{statistics.median(times):.2f}",
            f"{np.quantile(times, 0.95):.2f}",
        )
    Console().print(table)


def grown_texts(texts: Sequence[str], count: int) -> Iterator[str]:
    """Yield `count` texts: these, then copies with all their words shuffled, of the same lengths."""
    yield from texts[:count]
    generator = np.random.default_rng(0)
    words = [word for text in texts for word in text.split()]
    ends = list(accumulate(len(text.split()) for text in texts))
    for made in range(len(texts), count, len(texts)):
        shuffled = [words[place] for place in generator.permutation(len(words)).tolist()]
        for first, last in list(pairwise([0, *ends]))[: count - made]:
            yield " ".join(shuffled[first:last])


if __name__ == "__main__":
    run_commands(main)
