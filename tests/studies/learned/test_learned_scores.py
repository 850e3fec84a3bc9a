import numpy as np
import pytest
import torch

from mghp.metrics.matching import f1
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import MatchingProblem
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


def problem(truth, source, destination, image=0):
    truth = np.array(truth, bool)
    features = np.zeros((*truth.shape, 1), np.float32)
    return MatchingProblem(features[..., 0], truth, image, 0, features, np.array(source), np.array(destination))


@pytest.fixture
def batch():
    """Image 4: persons of candidates 0 and 2, and 1 and 3, and a false candidate 4; a limb of 2 x 3 pairs."""
    return MatchingBatch.pad([problem([[1, 0, 0], [0, 1, 0]], [0, 1], [2, 3, 4], image=4)])


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
def test_persons_are_groups_that_joined_pairs_connect(batch, pairs, right):
    joined = torch.zeros(6, dtype=torch.bool)
    joined[pairs] = True
    assert person_counts([batch], [joined.view(1, 2, 3)]).tolist() == [right]


def test_false_joins_that_bring_a_person_s_candidates_together_do_not_beat_the_truth():
    """A person of candidates 0 and 2 whom no true pair connects, and a false candidate 1 between them."""
    batch = MatchingBatch.pad([problem([[0]], [0], [1]), problem([[0]], [1], [2])])
    assert person_counts([batch], [torch.ones_like(batch.truth)]).tolist() == [[0, 3, 0]]
    assert person_counts([batch], [batch.truth]).tolist() == [[0, 0, 0]]


@pytest.fixture
def batches(tiny):
    return MatchingBatch.bucket(load_pair_problems(tiny()).problems)


def images_of(batches):
    return sorted({image for batch in batches for image in batch.image.tolist()})


def test_nothing_is_better_than_the_true_pairs(batches):
    for counts_of in (limb_counts, person_counts):
        truth = counts_of(batches, [batch.truth for batch in batches])
        assert truth.shape == (len(images_of(batches)), 3)
        assert truth[:, 0].min() >= 0 == truth[:, 1:].sum()
        generator = torch.Generator().manual_seed(0)
        for share in (0.0, 0.02, 0.3):
            wrong = [torch.rand(batch.truth.shape, generator=generator) < share for batch in batches]
            joined = [batch.is_pair & (batch.truth ^ turned) for batch, turned in zip(batches, wrong, strict=True)]
            counts = counts_of(batches, joined)
            assert (counts[:, 0] + counts[:, 2] == truth[:, 0]).all()
            assert (f1(counts) <= 1).all()


def test_counts_are_of_each_image_alone(batches):
    for counts_of in (limb_counts, person_counts):
        whole = counts_of(batches, [batch.affinity > 0.4 for batch in batches])
        for row, image in enumerate(images_of(batches)[:5]):
            own = [batch[batch.image == image] for batch in batches]
            assert counts_of(own, [batch.affinity > 0.4 for batch in own]).tolist() == [whole[row].tolist()]


@pytest.mark.parametrize("variant", ["binary_cross_entropy", "line_integral", "softmax"])
def test_every_variant_chooses_among_the_same_roundings(tiny, variant):
    config = tiny(f"variant={variant}")
    train, validation, _ = split_problems(load_pair_problems(config), config)
    of_validation = examined(untrained(config, train, 0.01, 1.0), validation)
    assert list(of_validation.values) == [name for name in ROUNDINGS if name != "assignment" or variant == "softmax"]
    affinity = torch.from_numpy(of_validation.pairs("affinity"))
    assert np.allclose(of_validation.pairs("sigmoid"), affinity.sigmoid())
    sinkhorn = of_validation.pairs("sinkhorn")
    assert 0 <= sinkhorn.min() <= sinkhorn.max() <= 1
    assert len(sinkhorn) == validation.sizes.prod(1).sum()

    def score(counts_of, rounding):
        return f1(counts_of(of_validation.batches, of_validation.joined(rounding)).sum(0))

    for counts_of in (limb_counts, person_counts):
        best, rounding = tuned_rounding(of_validation, counts_of)
        assert best == score(counts_of, rounding)
        assert all(score(counts_of, Rounding(name, 0.0)) <= best for name in of_validation.values)


def test_pairs_are_in_the_order_of_the_set(tiny):
    problems = load_pair_problems(tiny("variant=line_integral"))
    of_all = examined(untrained(tiny("variant=line_integral"), problems, 0.01, 1.0), problems)
    assert np.array_equal(of_all.pairs("affinity"), np.concatenate([one.affinity.ravel() for one in problems]))
    assert np.array_equal(of_all.truth, np.concatenate([one.truth.ravel() for one in problems]))


def test_joined_pairs_are_one_to_one_and_above_the_threshold(tiny):
    config = tiny("variant=softmax")
    problems = load_pair_problems(config)
    of_all = examined(untrained(config, problems, 0.01, 1.0), problems)
    threshold = float(np.median(of_all.pairs("sigmoid")))
    for batch, joined, sigmoid in zip(
        of_all.batches, of_all.joined(Rounding("sigmoid", threshold)), of_all.values["sigmoid"], strict=True
    ):
        assert joined.any()
        assert not (joined & ~batch.is_pair).any()
        assert sigmoid[joined].min() > threshold
        assert max(joined.sum(1).max(), joined.sum(2).max()) == 1


def test_calibration_is_the_gap_between_promise_and_truth():
    probability = np.array([0.05, 0.05, 0.95, 0.95])
    assert calibration_error(probability, np.array([0, 0, 1, 1], bool)) == pytest.approx(0.05)
    assert calibration_error(probability, np.array([1, 1, 0, 0], bool)) == pytest.approx(0.95)
