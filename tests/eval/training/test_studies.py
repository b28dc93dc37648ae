"""The studies: what each learns from, and what is not done twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.training.comparison import Reading
from eval.training.examples import ContextExample
from eval.training.features import OTHER
from eval.training.studies import BASE, STUDIES, Bench, Material, Study, part


def example(name: str, context: str = "It rained.") -> ContextExample:
    return ContextExample(name, "wiki", "What happened?", context, ())


PAIRS, ANSWERED, LABELS = [example("qamr-1")], [example("wiki-1"), example("qed-1")], [example("squad-1")]
UNANSWERED = [
    example("wiki-1/altered"),
    example("squad-1/altered"),
    example(f"squad-1{OTHER}"),
    example(f"qed-1{OTHER}"),
]
MATERIAL = Material(PAIRS, ANSWERED, LABELS, UNANSWERED)

BASE_LEARNS = {"wiki-1", "qed-1", "squad-1", *(one.id for one in UNANSWERED)}
LEARNT = {
    "QAMR's pairs mixed in, not first": BASE_LEARNS | {"qamr-1"},
    "no self-training": {"wiki-1", "qed-1", "wiki-1/altered", f"qed-1{OTHER}"},
    "no passages from elsewhere": {"wiki-1", "qed-1", "squad-1", "wiki-1/altered", "squad-1/altered"},
    "nothing unanswerable": {"wiki-1", "qed-1", "squad-1"},
    "references alone, all mixed, nothing else": {"qamr-1", "wiki-1", "qed-1"},
}


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_learns_from_what_its_name_says(study: Study) -> None:
    found = [one.id for one in study.examples(MATERIAL)]
    assert len({*found}) == len(found)
    assert {*found} == LEARNT.get(study.name, BASE_LEARNS)


def test_every_study_differs_from_the_base() -> None:
    kinds = [
        (
            frozenset(one.id for one in study.examples(MATERIAL)),
            study.first_stage,
            study.share,
            study.temperature,
            study.relations,
        )
        for study in STUDIES
    ]
    assert STUDIES[0] is BASE
    assert len({*kinds}) == len(kinds)


def test_no_two_studies_share_a_folder() -> None:
    names = [study.folder for study in STUDIES]
    assert len({*names}) == len(names)
    assert all(Path(name).name == name and name.isascii() for name in names)


def test_a_part_takes_whole_contexts_and_a_larger_one_holds_it() -> None:
    examples = [
        example(f"{context}-{number}", f"Context {context}.") for context in range(400) for number in (0, 1)
    ]
    small, large = part(examples, 0.25), part(examples, 0.5)
    contexts = {one.context for one in small}
    assert small == [one for one in examples if one.context in contexts]
    assert {one.id for one in small} < {one.id for one in large}
    # Four deviations of a draw of 400 with chance a quarter.
    assert abs(len(contexts) - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5
    assert part(examples, 1.0) == examples


def test_what_a_study_has_read_is_not_read_again(tmp_path: Path) -> None:
    kept = Reading({"wiki": np.array([0.5])}, np.array([2.0]), np.array([1.0]))
    bench = Bench(tmp_path, steps=1, share=0.25, questions=1)
    bench.place(STUDIES[3]).mkdir()
    kept.save(bench.place(STUDIES[3]) / "reading-1.npz")
    # There is no material here that it could train with.
    found = bench.read(3)
    assert (found.mean_f1, found.auroc) == (0.5, 1.0)


def test_another_length_or_share_is_another_run(tmp_path: Path) -> None:
    benches = [Bench(tmp_path, steps, share, 1) for steps in (4, 40) for share in (0.25, 1.0)]
    assert len({bench.place(study) for bench in benches for study in STUDIES}) == 4 * len(STUDIES)
