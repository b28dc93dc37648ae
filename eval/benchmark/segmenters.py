"""How often sentence boundaries cut reference answers: `python -m eval.benchmark.segmenters`.

Reference answers rarely cross a sentence boundary, so the share that the segmenter cuts indicates how many
boundaries it finds where there are none; the characters per sentence show whether it misses boundaries.
"""

from __future__ import annotations

import time

from rich.console import Console
from rich.table import Table

from eval.studies.paragraphs import load
from indexer.cli import run_commands
from indexer.segmenter import sentence_offsets

_SETS = ("wiki", "reddit", "amazon")


def main() -> None:
    """Measure the segmenter on the question sets of continuous prose."""
    table = Table("", "answers", "cut", "characters per sentence", "MB/s")
    for name in _SETS:
        paragraphs = load(name)
        began = time.perf_counter()
        sentences = {
            article.id: sentence_offsets(article.text) for article in paragraphs.articles(lambda _: None)
        }
        took = time.perf_counter() - began
        characters = sum(len(article.text) for article in paragraphs.articles(lambda _: None))
        answers = [
            any(first <= gold.start and gold.end <= last for first, last in sentences[gold.article])
            for example in paragraphs.examples
            for gold in example.answers
        ]
        count = sum(len(found) for found in sentences.values())
        table.add_row(
            name,
            f"{len(answers):,}",
            f"{1 - sum(answers) / len(answers):.2%}",
            f"{characters / count:.0f}",
            f"{characters / took / 1e6:.1f}",
        )
    Console().print(table)


if __name__ == "__main__":
    run_commands(main)
