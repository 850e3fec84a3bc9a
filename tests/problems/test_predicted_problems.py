import dataclasses

import numpy as np
import pytest
from planted_candidates import candidates, picture

from mghp.config.data import DataConfig, PredictedProblemsConfig, SplitsConfig
from mghp.errors import InputError
from mghp.problems.load import featured_fingerprint, load_featured_problems, load_problems, problems_fingerprint
from mghp.problems.predicted_candidates import Doubt
from mghp.problems.problems_file import write_problems


@pytest.fixture
def folder(tmp_path):
    write_problems(candidates([picture(name) for name in "abcd"]), tmp_path / "one.npz")
    doubtful = picture("e", doubts=[Doubt.NONE, Doubt.UNLABELLED_REGION, Doubt.UNLABELLED_KEYPOINT, Doubt.NEAR_NOBODY])
    write_problems(candidates([doubtful, picture("f", persons=0)]), tmp_path / "two.npz")
    return tmp_path


def of_splits(folder, train, validation, **others):
    splits = SplitsConfig(train=train, validation=validation)
    return DataConfig(name="predicted_problems", root=str(folder), splits=splits, **others)


def of_file(file, **others):
    return DataConfig(name="predicted_problems", annotations=str(file), **others)


def test_a_file_s_problems_have_its_affinities_and_truth(folder):
    problems = load_problems(of_file(folder / "one.npz"))
    assert (len(problems), problems.num_images, problems.num_limbs) == (8, 4, 2)
    assert [(problem.image, problem.limb) for problem in problems] == [(i, k) for i in range(4) for k in (0, 1)]
    for problem in problems:
        assert problem.truth.tolist() == np.eye(2, dtype=bool).tolist()
        assert problem.affinity.tolist() == [[2, -1], [-1, 2]]
        assert problem.features is None
        assert problem.destination_candidate.tolist() == ([2, 3] if problem.limb == 0 else [4, 5])


def test_candidates_in_doubt_are_left_out(folder):
    hands = load_problems(of_file(folder / "two.npz")).problems[0]
    assert hands.truth.tolist() == [[True, False, False], [False, True, False]]  # one false hand is known to be so
    assert hands.destination_candidate.tolist() == [2, 3, 4]
    kept = load_problems(of_file(folder / "two.npz", predicted_problems=PredictedProblemsConfig("kept"))).problems[0]
    assert kept.destination_candidate.tolist() == [2, 3, 4, 7]


def test_pictures_without_a_problem_count(folder):
    assert load_problems(of_file(folder / "two.npz")).num_images == 2


def test_splits_are_files_and_shares_of_them(folder):
    assert load_problems(of_splits(folder, "none", "one+two")).num_images == 6
    assert load_problems(of_splits(folder, "none", "one[25%:]")).num_images == 3
    assert load_problems(of_splits(folder, "none", "one", max_images=2)).num_images == 2
    both = of_splits(folder, "one[:50%]", "one[50%:]+two")
    problems = load_featured_problems(both, 0, 0.0)
    assert problems.held_out.tolist() == [2, 3, 4, 5]
    assert problems.num_images == 6
    assert problems.problems[0].features.shape == (2, 2, 2)
    assert load_featured_problems(of_file(folder / "one.npz"), 0, 0.0).held_out is None


def test_fingerprints_are_of_the_files_that_are_read(folder):
    config = of_splits(folder, "two", "one")
    assert problems_fingerprint(config) == load_problems(config).fingerprint
    assert featured_fingerprint(config) == load_featured_problems(config, 0, 0.0).fingerprint
    assert len({problems_fingerprint(config), problems_fingerprint(of_file(folder / "two.npz"))}) == 2
    assert problems_fingerprint(config) == problems_fingerprint(of_file(folder / "one.npz"))


@pytest.mark.parametrize(
    ("train", "validation", "words"),
    [
        ("one", "one[50%:]", r"data\.splits: 2 pictures are in train and in validation, e\.g\. 'c'"),
        ("one", "three", r"three\.npz: no such file"),
        ("../one", "two", r"'\.\./one\.npz' names no file below it"),
        ("one", "other", r"other\.npz: other keypoints, limbs or features than .*one\.npz"),
        ("one[50%:20%]", "two", r"data\.splits: .*: expected a share"),
    ],
)
def test_splits_that_cannot_be_are_told_in_a_line(folder, train, validation, words):
    other = dataclasses.replace(candidates([picture("z")]), limbs=((0, 2), (0, 1)))
    write_problems(other, folder / "other.npz")
    with pytest.raises(InputError, match=words):
        load_featured_problems(of_splits(folder, train, validation), 0, 0.0)


def test_a_set_without_a_problem_is_told(tmp_path):
    write_problems(candidates([picture("a", persons=0)]), tmp_path / "none.npz")
    with pytest.raises(InputError, match=r"^data: no matching problem: of 1 pictures none has a limb"):
        load_problems(of_file(tmp_path / "none.npz"))


def test_what_is_not_simulated_takes_no_nuisance(folder):
    with pytest.raises(InputError, match=r"^learned\.nuisance: expected 0, for nothing is simulated"):
        load_featured_problems(of_file(folder / "one.npz"), 0, 1.0)
