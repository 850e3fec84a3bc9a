"""Limb scores learned on a network's candidates on pictures: on one file, and from one file to another."""

import pytest
from planted_candidates import candidates, picture

from mghp.errors import InputError
from mghp.problems.problems_file import write_problems
from mghp.runs.read import Run
from mghp.studies.learned.run import load_pair_problems, run_learned, split_problems
from mghp.sweep.identity import Identifier


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("problems")
    for name, number in (("first", 16), ("second", 5), ("few", 3)):
        made = candidates(picture(f"{name}{index}", persons=1 + index % 3, seed=index) for index in range(number))
        write_problems(made, path / f"{name}.npz")
    return path


@pytest.fixture(scope="module")
def of_files(tiny, folder):
    def load(train, validation, *overrides):
        splits = [f"data.splits.train={train}", f"data.splits.validation={validation}"]
        return tiny("data.name=predicted_problems", f"data.root={folder}", *splits, *overrides)

    return load


def test_what_is_held_out_is_tested_and_never_trained_on(of_files):
    for seed in (0, 1):
        config = of_files("first", "second", f"seed={seed}")
        train, validation, test = split_problems(load_pair_problems(config), config)
        assert test.images.tolist() == [16, 17, 18, 19, 20]
        assert sorted([*train.images, *validation.images]) == list(range(16))
        assert [len(train.images), len(validation.images)] == [14, 2]


def test_one_file_is_split_by_the_seed(tiny, folder):
    config = tiny("data.name=predicted_problems", f"data.annotations={folder / 'first.npz'}")
    assert [len(part.images) for part in split_problems(load_pair_problems(config), config)] == [11, 2, 3]


def test_scores_learn_on_one_file_what_another_tests_and_a_sweep_knows_the_run(of_files, checkout, folder):
    config = of_files("first", "second[:80%]", "variant=binary_cross_entropy", "learned.learning_rates=[0.1]")
    run = Run(run_learned(config))
    assert run.metric("test/images") == 4
    assert run.metric("test/f1") == 1
    assert run.data == "predicted candidates, second 80"
    file = run.path / "config.yaml"
    assert Identifier(folder)(["mghp", "train", str(file)]).folder == run.path


@pytest.mark.parametrize(
    ("train", "validation", "settings", "words"),
    [
        ("few", "second", [], r"^data: 3 images have a problem of learned\.min_candidates; expected 10"),
        ("first", "second", ["learned.nuisance=1"], r"^learned\.nuisance: expected 0"),
        ("first", "few[:34%]", ["learned.min_candidates=2"], r"^data\.splits\.validation: no image has a problem"),
    ],
)
def test_what_cannot_be_learned_is_told_in_a_line(of_files, train, validation, settings, words):
    with pytest.raises(InputError, match=words):
        load_pair_problems(of_files(train, validation, *settings))
