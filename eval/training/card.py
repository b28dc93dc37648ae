"""The model card, `service/models/README.md`: its tables are made from the shipped readers' `reader.json`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from service.answering.reading.network import CARD

_WATTS = 40.0  # two server cores and their share of memory and cooling
_GRAMS_PER_KWH = 400.0  # about the world's mean electricity (Ember, 2024: 473; IEA, 2023: 460, falling)

_HEAD = """\
# The shipped readers

Span models for extractive question answering: given a question and a passage, they return the words of the
passage that answer it, with a score for how much more likely they are than no answer. They generate no text.
This page is written by `python -m eval.training` from the figures in each `reader.json`.

"""

_BODY = """
## Intended use

Finding the exact words that answer a question in retrieved passages of English prose, with a calibrated
probability that they do. Not intended for other languages, tables, arithmetic over several passages, yes/no
answers, or advice.

## Training

`python -m eval.training` (needs the extra `training`, and `QUOTH_DATA` set to the data) trains both from public
data in stages, which `eval/training/recipe.py` describes. `default` is all-mpnet-base-v2: trained on questions,
pruned (a quarter of the feed-forward neurons removed, the rest adapted), trained further, and averaged with the
pruned model. `fast` is all-MiniLM-L6-v2, trained on the references and on `default`'s scores.

| data | used for | licence |
|---|---|---|
| SQuADShifts: Wikipedia, Reddit, Amazon (Miller et al., 2020) | questions with answer spans | CC BY 4.0 |
| QAMR (Michael et al., 2018) | question and answer pairs on sentences, first stage | MIT |
| SQuAD's training questions with answer sentences (Rajpurkar et al., 2016; split by Du et al., 2017) | self-training | CC BY-SA 4.0 |
| PolicyQA (Ahmad et al., 2020) | privacy policies, long answers | MIT |
| QED (Lamm et al., 2020) | search engine questions | CC BY-SA 3.0 |
| all-mpnet-base-v2, all-MiniLM-L6-v2 (sentence-transformers) | pre-trained encoders | Apache 2.0 |

12% of each set's groups (articles of Wikipedia, paragraphs of the other sets), chosen by a hash of their words,
are held out. No reader was trained on them, and everything below is measured on them unless it says otherwise.
"""


_CONFIDENCE = """\
Questions are asked of whole collections. `barred`: the question's own paragraph is excluded from retrieval, so that
nothing answers. `altered`: a name, a number or a word of the question is changed. `unanswerable`: written by people to
have no answer. `large`: all sets are one collection. `seeds`: the development half of the question set over the seeds.
The confidence is a logistic model of a few features, fitted on these questions. `left out`: a collection is judged by
a fit on the others; `cross-fitted`: each question by a fit on other questions. Over the answerable questions: `F1`,
`right` (the best candidate matches a reference), `right article` (it is cited from the right article) and `refused`
(abstained all the same). Over the unanswerable ones: `abstained`. AUROC is of the confidence, between the two kinds."""


def write(models: Path) -> None:
    """Write the card of all readers in a folder."""
    (models / "README.md").write_text(render(models), "utf-8")


def render(models: Path) -> str:
    """Return the card of all readers in a folder."""
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
        _cost(cards),
        _STUDIES,
        _TRIED,
        _LIMITS,
    ]
    return "\n".join(parts)


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
        "`python -m eval.studies.reading --reader NAME`: each held-out question is read over its own paragraph and "
        "always answered. Token F1 and exact match (EM) as in SQuAD, in percent, with 95% bootstrap intervals. The "
        "last column is the F1 lost against the PyTorch model by conversion and few-bit weights.",
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
    lines = ["## Confidence and abstention", "", _CONFIDENCE, ""]
    lines += [
        "| reader | questions | F1 | right | right article | refused | abstained | AUROC | calibration error |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, card in cards.items():
        fit = card["confidence"]["fit"]
        rows = {**fit["by_source"], "all": fit["all"]}
        rows |= {f"{corpus}, left out": row for corpus, row in fit.get("left_out", {}).items()}
        if "cross_fitted" in fit:
            rows["cross-fitted"] = fit["cross_fitted"]
        for source, row in rows.items():
            shown = [
                _number(row, "f1"), _number(row, "right"), _number(row, "right_article"),
                _number(row, "refused"), _number(row, "abstained"),
                _number(row, "auroc_answerable"), _number(row, "calibration_error"),
            ]  # fmt: skip
            count = f" ({row['questions']:,})" if "questions" in row else ""
            lines.append(f"| `{name}` | {source}{count} | " + " | ".join(shown) + " |")
    return "\n".join([*lines, *_operating_points(cards)]) + "\n"


def _operating_points(cards: dict[str, Any]) -> list[str]:
    points = {name: card["confidence"]["fit"].get("operating_points", []) for name, card in cards.items()}
    if not any(points.values()):
        return []
    lines = [
        "",
        "Operating points over all of these questions; the first is the threshold that is used. `right of given`: "
        "the share of right ones among the answers that are shown.",
        "",
        "| reader | threshold | refused | abstained | right of given |",
        "|---|---|---|---|---|",
    ]
    for name, rows in points.items():
        lines += [
            f"| `{name}` | {row['threshold']:.3f} | {row['refused']:.3f} | {row['abstained']:.3f} "
            f"| {row['right_of_given']:.3f} |"
            for row in rows
        ]
    return lines


def _number(row: dict[str, float], name: str) -> str:
    return f"{row[name]:.3f}" if name in row else ""


def _cost(cards: dict[str, Any]) -> str:
    lines = ["## Time and carbon", "", "| reader | hours on two cores | kWh | kg CO2e |", "|---|---|---|---|"]
    for name, card in cards.items():
        hours = card["training_seconds"] / 3_600
        energy = hours * _WATTS / 1_000
        lines.append(f"| `{name}` | {hours:.1f} | {energy:.2f} | {energy * _GRAMS_PER_KWH / 1_000:.2f} |")
    lines += [
        "",
        f"Estimated at {_WATTS:.0f} W and {_GRAMS_PER_KWH:.0f} g CO2e per kWh. The hours of `fast` include those of "
        "`default`, its teacher.",
    ]
    return "\n".join(lines) + "\n"


_STUDIES = """\
## Ablations

`python -m eval.training.studies`: the small reader is trained for 400 steps on a quarter of the texts (`fast`: some
6,000 steps on all of them), with one thing changed at a time. F1 is over up to 400 held-out questions of each set
(1,757 in all; the column `F1` is the mean of the sets); AUROC is of the score, between 557 of them and 521 unanswerable
ones made from them. Differences are from the base, 95% intervals by paired bootstrap.

| | wiki | reddit | amazon | policy | qed | F1 | difference, 95% | AUROC | difference, 95% |
|---|---|---|---|---|---|---|---|---|---|
| base: the recipe | 73.6 | 70.5 | 67.9 | 38.4 | 54.4 | 61.0 |  | 0.840 |  |
| QAMR's pairs mixed in, not first | 73.3 | 70.1 | 68.9 | 37.6 | 59.5 | 61.9 | −0.6 to +2.4 | 0.834 | −0.017 to +0.006 |
| no QAMR | 70.6 | 71.4 | 68.4 | 38.7 | 59.5 | 61.7 | −0.8 to +2.3 | 0.844 | −0.006 to +0.014 |
| references alone, no teacher | 67.9 | 67.5 | 66.6 | 37.4 | 55.7 | 59.0 | −3.4 to −0.7 | 0.835 | −0.014 to +0.004 |
| teacher alone, no references | 73.8 | 72.7 | 69.0 | 39.3 | 56.6 | 62.3 | +0.1 to +2.4 | 0.826 | −0.021 to −0.008 |
| temperature 1 | 71.6 | 68.1 | 68.3 | 38.7 | 55.2 | 60.4 | −1.7 to +0.5 | 0.841 | −0.004 to +0.006 |
| temperature 4 | 73.1 | 73.4 | 67.1 | 39.3 | 54.0 | 61.4 | −0.5 to +1.2 | 0.842 | −0.002 to +0.006 |
| relational loss added | 74.3 | 72.2 | 69.4 | 37.4 | 55.0 | 61.6 | −0.3 to +1.6 | 0.838 | −0.007 to +0.003 |
| no self-training | 72.7 | 71.8 | 70.3 | 40.4 | 57.5 | 62.5 | +0.2 to +2.9 | 0.860 | +0.009 to +0.031 |
| no questions on other passages | 72.1 | 70.5 | 67.8 | 39.1 | 58.2 | 61.5 | −0.8 to +1.9 | 0.842 | −0.008 to +0.012 |
| no unanswerable questions | 74.0 | 73.5 | 69.6 | 39.6 | 60.6 | 63.5 | +1.1 to +3.9 | 0.793 | −0.061 to −0.034 |
| references alone, all mixed, nothing else | 70.0 | 69.5 | 66.0 | 39.7 | 60.2 | 61.1 | −1.6 to +1.7 | 0.801 | −0.057 to −0.021 |

- The teacher's scores gain two points of F1, whatever the temperature. Without the references, F1 is a little higher
  and AUROC 0.01 lower.
- Unanswerable questions cost two and a half points of F1, as they take steps from the answerable ones, and gain 0.05
  of AUROC. The readers are trained with them, because a wrong answer is worse than none.
- QAMR, first or mixed in, makes no measurable difference; neither do the relational loss (which doubles the time per
  step) and questions on other passages.
- The self-trained labels take a third of the steps, and the references alone do better. The shipped readers were
  trained with the labels before this was measured; the next ones should try without.
"""

_TRIED = """\
## Tried and rejected

Five figures are F1 on the held-out sets wiki, reddit, amazon, policy and qed, in this order; for the teacher after its
first pass they are 89.0, 88.0, 86.0, 52.6, 71.6. Figures over the seeds are over the development half of their question
set.

- Nine of twelve layers, without the least important ones, trained for another pass (with half of reddit and amazon):
  87.1, 83.6, 81.8, 52.6, 69.8, and F1 0.86 over the seeds, where the teacher has 0.93.
- Half of the neurons instead of three quarters, trained for another pass without the teacher: 87.9, 86.5, 85.6, 55.3,
  67.9, and F1 0.84 over the seeds, in 0.69 of the time.
- Other weights of the trained model in the average (`BLEND`). F1 on the first 300, 200, 200 and 157 questions of wiki,
  amazon, policy and qed, then F1 and AUROC over the seeds: weight 0: 88.3, 79.8, 51.7, 69.9, 0.907 and 0.928;
  0.3: 88.9, 81.2, 53.0, 69.8, 0.897 and 0.938; **0.5: 89.4, 82.6, 52.5, 71.1, 0.898 and 0.943**; 0.7: 89.5, 82.7, 52.1,
  71.6, 0.886 and 0.946; 1: 88.9, 82.3, 53.5, 70.2, 0.875 and 0.950. The teacher, neither pruned nor trained further, has
  0.927 and 0.933 over the seeds, in 1.2 times the time.
- Passages of 150 or 120 tokens instead of 136: over the seeds, F1 and the share abstained with 3% refused are 0.898 and
  0.71, or 0.904 and 0.73, instead of 0.906 and 0.76.
- Activations in 8 bits (NNCF, smooth quantisation): 88.7, 87.2, 85.5, 53.4, 72.0, and no faster on two cores, as
  quantising and reordering take the time that the matrix products save.
- Attention as one fused operation is no faster than as separate ones. Two batches of four passages are slower than one
  of eight.
- Answers of up to 60 or 90 tokens instead of 40, or across sentences for every question: within 0.4 on policy and qed.
- Longer answers, so that lists are not cut short. For questions that ask for several things, the longest candidate that
  includes the best one and scores at most 0.5 less changes F1 by +0.3, +0.2, 0.0, -0.6, +0.3, and +0.8 over the seeds;
  at most 1 less: -1.2, -0.5, -0.6, -1.4, +0.1, and -0.1. Extending only over a comma or an "and": within 0.5. The
  candidate with the greatest expected F1 instead of the most likely one: +0.2, +0.2, 0.0, +0.4, +0.9, and -0.2.
- More features for the confidence (terms weighted by rarity, terms of the answer's own sentence, names and numbers
  missing from the passage, the passage's rank, the answer's length): AUROC 0.916 to 0.922 instead of 0.917.
"""

_LIMITS = """\
## Limits

- An answer is one contiguous span, usually within a sentence. Words from two places are never joined.
- A question with a false premise, or about something close to what the articles say, may still get an answer:
  see the share abstained above, and check the confidence.
- Trained on English only, on lower-cased text: capitals do not help to recognise names.
- The confidence was fitted on encyclopaedic and search questions and on the seeds. On other material its
  ranking is more reliable than its values.
"""
