"""The studies: what each is trained on, and that nothing is done twice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from eval.studies.examples import ContextExample
from eval.training.comparison import ReaderResult
from eval.training.features import OTHER
from eval.training.studies import BASE, STUDIES, Study, StudyRunner, TrainingData, subset


def example(name: str, text: str = "It rained.") -> ContextExample:
    return ContextExample.of(name, "wiki", "What happened?", text)


PAIRS, ANSWERED, LABELS = [example("qamr-1")], [example("wiki-1"), example("qed-1")], [example("squad-1")]
UNANSWERABLE = [
    example("wiki-1/altered"),
    example("squad-1/altered"),
    example(f"squad-1{OTHER}"),
    example(f"qed-1{OTHER}"),
]
DATA = TrainingData(PAIRS, ANSWERED, LABELS, UNANSWERABLE)

BASE_LEARNS = {"wiki-1", "qed-1", "squad-1", *(one.id for one in UNANSWERABLE)}
LEARNT = {
    "QAMR's pairs mixed in, not first": BASE_LEARNS | {"qamr-1"},
    "no self-training": {"wiki-1", "qed-1", "wiki-1/altered", f"qed-1{OTHER}"},
    "no questions on other passages": {"wiki-1", "qed-1", "squad-1", "wiki-1/altered", "squad-1/altered"},
    "no unanswerable questions": {"wiki-1", "qed-1", "squad-1"},
    "references alone, all mixed, nothing else": {"qamr-1", "wiki-1", "qed-1"},
}


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_study_is_trained_on_what_its_name_says(study: Study) -> None:
    found = [one.id for one in study.examples(DATA)]
    assert len({*found}) == len(found)
    assert {*found} == LEARNT.get(study.name, BASE_LEARNS)


def test_every_study_differs_from_the_base() -> None:
    kinds = [
        (
            frozenset(one.id for one in study.examples(DATA)),
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


def test_a_subset_takes_whole_texts_and_a_larger_one_includes_it() -> None:
    examples = [example(f"{text}-{number}", f"Text {text}.") for text in range(400) for number in (0, 1)]
    small, large = subset(examples, 0.25), subset(examples, 0.5)
    texts = {one.text for one in small}
    assert small == [one for one in examples if one.text in texts]
    assert {one.id for one in small} < {one.id for one in large}
    # Four standard deviations of a binomial with n = 400 and p = 1/4.
    assert abs(len(texts) - 100) < 4 * (400 * 0.25 * 0.75) ** 0.5
    assert subset(examples, 1.0) == examples


def test_a_cached_result_is_not_computed_again(tmp_path: Path) -> None:
    cached = ReaderResult({"wiki": np.array([0.5])}, np.array([2.0]), np.array([1.0]))
    runner = StudyRunner(tmp_path, steps=1, share=0.25, questions=1)
    runner.folder_of(STUDIES[3]).mkdir()
    cached.save(runner.folder_of(STUDIES[3]) / "result-1.npz")
    # There is no data to train with.
    found = runner.result(3)
    assert (found.mean_f1, found.auroc) == (0.5, 1.0)


def test_another_number_of_steps_or_share_is_another_run(tmp_path: Path) -> None:
    runners = [StudyRunner(tmp_path, steps, share, 1) for steps in (4, 40) for share in (0.25, 1.0)]
    assert len({runner.folder_of(study) for runner in runners for study in STUDIES}) == 4 * len(STUDIES)
