"""The model card, `service/models/README.md`: written from the shipped readers' own figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from service.answering.network import CARD

_WATTS = 40.0  # two server cores with their share of memory and cooling
_GRAMS_PER_KWH = 400.0  # about the world's mean electricity (Ember, 2024: 473; IEA, 2023: 460, falling)

_HEAD = """\
# The shipped readers

Span models for extractive question answering: a question and a passage in, the passage's words that answer
it out, with a score that says how much more likely they are than no answer. They write nothing.
This page is made by `python -m eval.training` from the figures in each `reader.json`.

"""

_BODY = """
## What they are for

Finding the exact words in English prose that answer a question, in passages that retrieval has found, with
a calibrated probability that they do. Not for other languages, tables, sums over several places, yes or no
as an answer, or advice.

## How they were made

`python -m eval.training` (extra `training`, and `QUOTH_DATA` for the data) makes both from public data,
stage by stage; `eval/training/recipe.py` says what each stage does. `default` is all-mpnet-base-v2, trained
on questions, made narrower (a quarter of the feed-forward neurons left out, the rest adapted), and trained on;
`fast` is all-MiniLM-L6-v2, which learned from the references and from `default`'s scores.

| data | what for | licence |
|---|---|---|
| SQuADShifts: Wikipedia, Reddit, Amazon (Miller et al., 2020) | questions with answer spans | CC BY 4.0 |
| QAMR (Michael et al., 2018) | question and answer pairs on sentences, first stage | MIT |
| SQuAD's training questions with answer sentences (Rajpurkar et al., 2016; split by Du et al., 2017) | self-training | CC BY-SA 4.0 |
| PolicyQA (Ahmad et al., 2020) | privacy policies, long answers | MIT |
| QED (Lamm et al., 2020) | search engine questions | CC BY-SA 3.0 |
| all-mpnet-base-v2, all-MiniLM-L6-v2 (sentence-transformers) | where training starts | Apache 2.0 |

Of each set, 12% of the groups (Wikipedia's articles, the others' paragraphs) are held out, by a hash of
their words; everything below is measured on them, and nothing was trained on them.
"""


def write(models: Path) -> None:
    """Write the card for all readers in a folder."""
    cards = {
        folder.name: json.loads((folder / CARD).read_text("utf-8"))
        for folder in sorted(models.iterdir())
        if (folder / CARD).is_file()
    }
    parts = [
        _HEAD,
        _overview(models, cards),
        _BODY,
        _reading(cards),
        _confidence(cards),
        _made(cards),
        _STUDIES,
        _TRIED,
        _LIMITS,
    ]
    (models / "README.md").write_text("\n".join(parts), "utf-8")


def _overview(models: Path, cards: dict[str, Any]) -> str:
    lines = ["| `QUOTH_READER` | name | backbone | size |", "|---|---|---|---|"]
    for name, card in cards.items():
        size = sum(file.stat().st_size for file in (models / name).iterdir()) / 1e6
        lines.append(f"| `{name}` | {card['name']} | {card['backbone']} | {size:.0f} MB |")
    return "\n".join(lines) + "\n"


def _reading(cards: dict[str, Any]) -> str:
    lines = [
        "## Reading comprehension",
        "",
        "`python -m eval.studies.reading --reader NAME`: each held-out question over its own paragraph, always answered. "
        "Token F1 and exact match as SQuAD counts them, in percent, with 95% bootstrap intervals; the last "
        "column is what conversion and few-bit weights cost against the PyTorch model.",
        "",
        "| reader | set | questions | F1 | EM | F1 lost |",
        "|---|---|---|---|---|---|",
    ]
    for name, card in cards.items():
        for source, row in card["scores"].items():
            lines.append(
                f"| `{name}` | {source} | {row['questions']:,} "
                f"| {row['f1']:.1f} ({row['f1_low']:.1f} to {row['f1_high']:.1f}) "
                f"| {row['em']:.1f} ({row['em_low']:.1f} to {row['em_high']:.1f}) "
                f"| {card['f1_lost_in_conversion'][source]:.2f} |"
            )
    return "\n".join(lines) + "\n"


def _confidence(cards: dict[str, Any]) -> str:
    lines = [
        "## Confidence and abstention",
        "",
        "Questions put to whole collections, 8 passages read. `barred`: the question's own paragraph is kept "
        "from the search, so that nothing answers; `altered`: a name, a number or a word in the question is "
        "changed; `seeds`: the development half of the question set over the seeds. The fit is a logistic "
        "model of few numbers over these readings; the row `cross-fitted` judges each by a fit on the others.",
        "",
        "| reader | questions | F1 | right | right article | refused | abstained | AUROC | calibration error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, card in cards.items():
        fit = card["confidence"]["fit"]
        rows = {**fit["by_source"], "all": fit["all"], "cross-fitted": fit["cross_fitted"]}
        for source, row in rows.items():
            shown = [
                _number(row, "f1"), _number(row, "right"), _number(row, "right_article"),
                _number(row, "refused"), _number(row, "abstained"),
                _number(row, "auroc_answerable"), _number(row, "calibration_error"),
            ]  # fmt: skip
            count = f" ({row['questions']:,})" if "questions" in row else ""
            lines.append(f"| `{name}` | {source}{count} | " + " | ".join(shown) + " |")
    return "\n".join(lines) + "\n"


def _number(row: dict[str, float], name: str) -> str:
    return f"{row[name]:.3f}" if name in row else ""


def _made(cards: dict[str, Any]) -> str:
    lines = ["## Time and carbon", "", "| reader | hours on two cores | kWh | kg CO2e |", "|---|---|---|---|"]
    for name, card in cards.items():
        hours = card["training_seconds"] / 3_600
        energy = hours * _WATTS / 1_000
        lines.append(f"| `{name}` | {hours:.1f} | {energy:.2f} | {energy * _GRAMS_PER_KWH / 1_000:.2f} |")
    lines += [
        "",
        f"Estimated at {_WATTS:.0f} W and {_GRAMS_PER_KWH:.0f} g a kWh; `default`'s hours are in `fast`'s too, as its teacher.",
    ]
    return "\n".join(lines) + "\n"


_STUDIES = """\
## What the parts are worth

`python -m eval.training.studies`: the small reader trained for 400 steps on a quarter of the contexts, where `fast` had
some 6,000 on all, with one thing changed at a time. F1 over up to 400 held-out questions of each set (1,757 in all;
`F1` is the mean of the sets), and AUROC of the score between 557 of them and 521 that their paragraphs do not answer;
95% intervals of the difference from the base, paired bootstrap.

| | wiki | reddit | amazon | policy | qed | F1 | difference, 95% | AUROC | difference, 95% |
|---|---|---|---|---|---|---|---|---|---|
| base: the recipe | 73.6 | 70.5 | 67.9 | 38.4 | 54.4 | 61.0 |  | 0.840 |  |
| QAMR's pairs mixed in, not first | 73.3 | 70.1 | 68.9 | 37.6 | 59.5 | 61.9 | −0.6 to +2.4 | 0.834 | −0.017 to +0.006 |
| nothing of QAMR | 70.6 | 71.4 | 68.4 | 38.7 | 59.5 | 61.7 | −0.8 to +2.3 | 0.844 | −0.006 to +0.014 |
| references alone, no teacher | 67.9 | 67.5 | 66.6 | 37.4 | 55.7 | 59.0 | −3.4 to −0.7 | 0.835 | −0.014 to +0.004 |
| the teacher alone | 73.8 | 72.7 | 69.0 | 39.3 | 56.6 | 62.3 | +0.1 to +2.4 | 0.826 | −0.021 to −0.008 |
| temperature 1 | 71.6 | 68.1 | 68.3 | 38.7 | 55.2 | 60.4 | −1.7 to +0.5 | 0.841 | −0.004 to +0.006 |
| temperature 4 | 73.1 | 73.4 | 67.1 | 39.3 | 54.0 | 61.4 | −0.5 to +1.2 | 0.842 | −0.002 to +0.006 |
| hidden states related as the teacher's | 74.3 | 72.2 | 69.4 | 37.4 | 55.0 | 61.6 | −0.3 to +1.6 | 0.838 | −0.007 to +0.003 |
| no self-training | 72.7 | 71.8 | 70.3 | 40.4 | 57.5 | 62.5 | +0.2 to +2.9 | 0.860 | +0.009 to +0.031 |
| no passages from elsewhere | 72.1 | 70.5 | 67.8 | 39.1 | 58.2 | 61.5 | −0.8 to +1.9 | 0.842 | −0.008 to +0.012 |
| nothing unanswerable | 74.0 | 73.5 | 69.6 | 39.6 | 60.6 | 63.5 | +1.1 to +3.9 | 0.793 | −0.061 to −0.034 |
| references alone, all mixed, nothing else | 70.0 | 69.5 | 66.0 | 39.7 | 60.2 | 61.1 | −1.6 to +1.7 | 0.801 | −0.057 to −0.021 |

- The teacher's scores are worth two points, whatever the temperature; its word alone gives a little more F1 and
  takes 0.01 of the AUROC.
- Questions without an answer cost two and a half points, as the steps that they take are not spent on pointing, and are
  worth 0.05 of the AUROC: a reader for people who must not be misled has them.
- QAMR, first or mixed in, is worth nothing that can be seen; nor are the relations between the teacher's hidden states
  (at twice the time a step), nor passages from elsewhere.
- The self-trained labels take a third of the steps, and the references do better in their place. The shipped readers
  were made with them, before this was known: the next ones should try without.
"""

_TRIED = """\
## What was tried and left

F1 on the held-out sets wiki, Reddit, Amazon, policies, search questions, unless it says otherwise; the teacher
after its first pass has 89.0, 88.0, 86.0, 52.6, 71.6.

- Nine of twelve layers, those kept that are missed most, trained on for a pass (half of Reddit and Amazon in it):
  87.1, 83.6, 81.8, 52.6, 69.8, and 0.86 over the seeds, where the teacher has 0.93 (development half).
- Half of the neurons instead of three quarters, trained on for a pass without the teacher: 87.9, 86.5, 85.6, 55.3,
  67.9, and 0.84 over the seeds; 0.69 of the time.
- How much of the training on is kept (`BLEND`), on the first 300, 200, 200 and 157 questions of wiki, Amazon, policies
  and search questions, and F1 and AUROC over the development half of the seeds: none of it 88.3, 79.8, 51.7, 69.9, 0.907
  and 0.928; three tenths 88.9, 81.2, 53.0, 69.8, 0.897 and 0.938; **half 89.4, 82.6, 52.5, 71.1, 0.898 and 0.943**;
  seven tenths 89.5, 82.7, 52.1, 71.6, 0.886 and 0.946; all 88.9, 82.3, 53.5, 70.2, 0.875 and 0.950. The teacher,
  neither pruned nor trained on, has 0.927 and 0.933 over the seeds in 1.2 times the time.
- Passages of 150 or 120 tokens instead of 136, F1 and abstention at 3% refused over the same half: 0.898 and 0.71, 0.904
  and 0.73, instead of 0.906 and 0.76.
- Activations in 8 bits (NNCF, smooth quantisation): 88.7, 87.2, 85.5, 53.4, 72.0, and no faster on two cores: what
  the products gain, quantising and reordering lose.
- Attention as one fused operation: as fast as written out. Two batches of four passages: slower than one of eight.
- Answers of up to 60 or 90 tokens instead of 40, or across sentences for every question: within 0.4 on policies and
  search questions.
- Answers made longer where the score allows it, so that lists are not cut: the longest candidate around the best
  within half of a point, for questions that ask for several things: +0.3, +0.2, 0.0, -0.6, +0.3 and +0.8 over the
  seeds; within a point -1.2, -0.5, -0.6, -1.4, +0.1 and -0.1. Only where a comma or an "and" joins what is added:
  within 0.5. The candidate of the greatest expected F1 instead of the likeliest: +0.2, +0.2, 0.0, +0.4, +0.9 and -0.2.
- More evidence for the confidence (terms weighted by how rare they are, terms of the answer's own sentence, names
  and numbers that the passage lacks, the passage's rank, the answer's length): AUROC 0.916 to 0.922 instead of 0.917.
"""

_LIMITS = """\
## Limits

- An answer is one run of words, as a rule within a sentence. What stands in two places is not joined.
- A question with a false premise, or about something near to what the articles say, may still get an answer:
  see the share abstained above, and look at the confidence.
- Trained on English alone; on lower-cased words, so that names weigh as other words do.
- The confidence was fitted on encyclopaedic and search questions and on the seeds. On other material its
  order holds better than its values.
"""
