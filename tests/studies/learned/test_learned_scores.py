import numpy as np
import pytest
import torch

from mghp.metrics.matching import f1
from mghp.problems.pair_features import PairProblems
from mghp.studies.learned.rounding_names import ROUNDINGS
from mghp.studies.learned.run import load_pair_problems, split_problems, untrained
from mghp.studies.learned.scores import (
    Rounding,
    calibration_error,
    examined,
    limb_counts,
    person_counts,
    tuned_rounding,
)


@pytest.fixture
def problems():
    """Image 4: persons of candidates 0 and 2, and 1 and 3, and a false candidate 4; a limb of 2 x 3 pairs."""
    return PairProblems(
        features=np.zeros((6, 1), np.float32), affinity=np.zeros(6, np.float32),
        truth=np.array([1, 0, 0, 0, 1, 0], bool),
        sizes=np.array([[2, 3]]), limb=np.array([0]), image=np.array([4]),
        source_candidate=np.array([0, 0, 0, 1, 1, 1]), destination_candidate=np.array([2, 3, 4, 2, 3, 4]),
        person={4: np.array([0, 1, 0, 1, -1])}, num_limbs=1,
    )  # fmt: skip


def chosen(problems, *pairs):
    joined = np.zeros(len(problems.truth), bool)
    joined[list(pairs)] = True
    return joined


@pytest.mark.parametrize(
    ("pairs", "right"),
    [
        ([0, 4], [4, 0, 0]),  # the truth
        ([], [0, 0, 4]),
        ([0], [2, 0, 2]),
        ([1, 3], [2, 2, 2]),  # each with the other's: half of each group is right
        ([0, 1], [2, 1, 2]),  # a group of three: 0, 2 and 3
        ([2, 4], [3, 1, 1]),  # 0 with the false one
        ([0, 4, 1], [2, 2, 2]),  # all four in one group
    ],
)
def test_persons_are_groups_that_joined_pairs_connect(problems, pairs, right):
    assert person_counts(problems, chosen(problems, *pairs)).tolist() == [right]


def test_false_joins_that_bring_a_person_s_candidates_together_do_not_beat_the_truth():
    """A person of candidates 0 and 2 whom no true pair connects, and a false candidate 1 between them."""
    problems = PairProblems(
        features=np.zeros((2, 1), np.float32), affinity=np.zeros(2, np.float32), truth=np.zeros(2, bool),
        sizes=np.ones((2, 2), int), limb=np.array([0, 1]), image=np.array([0, 0]),
        source_candidate=np.array([0, 1]), destination_candidate=np.array([1, 2]),
        person={0: np.array([0, -1, 0])}, num_limbs=2,
    )  # fmt: skip
    assert person_counts(problems, chosen(problems, 0, 1)).tolist() == [[0, 3, 0]]
    assert person_counts(problems, problems.truth).tolist() == [[0, 0, 0]]


def test_nothing_is_better_than_the_true_pairs(tiny):
    problems, _ = load_pair_problems(tiny())
    for counts_of in (limb_counts, person_counts):
        truth = counts_of(problems, problems.truth)
        assert truth.shape == (len(problems.images), 3)
        assert truth[:, 0].min() >= 0 == truth[:, 1:].sum()
        rng = np.random.default_rng(0)
        for share in (0.0, 0.02, 0.3):
            joined = problems.truth ^ (rng.random(len(problems.truth)) < share)
            counts = counts_of(problems, joined)
            assert (counts[:, 0] + counts[:, 2] == truth[:, 0]).all()
            assert (f1(counts) <= 1).all()


def test_counts_are_of_each_image_alone(tiny):
    problems, _ = load_pair_problems(tiny())
    joined = problems.affinity > 0.4
    for counts_of in (limb_counts, person_counts):
        whole = counts_of(problems, joined)
        for row, image in enumerate(problems.images[:5]):
            one = problems.chosen(problems.image == image)
            assert counts_of(one, joined[problems.image_of_pair == image]).tolist() == [whole[row].tolist()]


@pytest.mark.parametrize("variant", ["binary_cross_entropy", "line_integral", "softmax"])
def test_every_variant_chooses_among_the_same_roundings(tiny, variant):
    config = tiny(f"variant={variant}")
    split = split_problems(load_pair_problems(config)[0], config)
    module = untrained(config, split.train, 0.01, 1.0)
    of_validation = examined(module, split.validation)
    assert list(of_validation.values) == [name for name in ROUNDINGS if name != "assignment" or variant == "softmax"]
    affinity = torch.from_numpy(of_validation.values["affinity"])
    assert np.allclose(of_validation.values["sigmoid"], affinity.sigmoid())
    assert 0 <= of_validation.values["sinkhorn"].min() <= of_validation.values["sinkhorn"].max() <= 1
    for counts_of in (limb_counts, person_counts):
        best, rounding = tuned_rounding(of_validation, counts_of)
        assert best == f1(counts_of(split.validation, of_validation.joined(rounding)).sum(0))
        for name in of_validation.values:
            assert f1(counts_of(split.validation, of_validation.joined(Rounding(name, 0.0))).sum(0)) <= best


def test_joined_pairs_are_one_to_one_and_above_the_threshold(tiny):
    config = tiny("variant=softmax")
    problems, _ = load_pair_problems(config)
    of_all = examined(untrained(config, problems, 0.01, 1.0), problems)
    threshold = float(np.median(of_all.values["sigmoid"]))
    joined = of_all.joined(Rounding("sigmoid", threshold))
    assert joined.any()
    assert of_all.values["sigmoid"][joined].min() > threshold
    problem = np.repeat(np.arange(len(problems)), problems.sizes.prod(1))
    for candidate in (problems.source_candidate, problems.destination_candidate):
        ends = list(zip(problem[joined].tolist(), candidate[joined].tolist(), strict=True))
        assert len(set(ends)) == len(ends)


def test_calibration_is_the_gap_between_promise_and_truth():
    probability = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(probability, np.array([0, 0, 1, 1], bool)) == pytest.approx(0.05)
    assert calibration_error(probability, np.array([1, 1, 0, 0], bool)) == pytest.approx(0.95)
