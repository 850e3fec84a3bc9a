import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.matching import round_assignment
from mghp.metrics.matching import association_counts, f1
from mghp.problems.load import validation_images
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import MatchingProblem
from mghp.studies.solvers.association import THRESHOLDS, associate, thresholds_up_to

NUM_IMAGES = 10
IS_TUNED = validation_images(NUM_IMAGES, 0.3, seed=4)


def associated(problems, rounding="hungarian", is_tuned=IS_TUNED):
    """Of affinities that are their own assignments."""
    batches = MatchingBatch.bucket(problems)
    return associate(batches, [batch.affinity for batch in batches], rounding, is_tuned)


def planted_problems(is_tuned):
    """Two problems an image, of one pair each: where the false pair lies depends on what the image is for."""
    right, false = np.array([[True]]), np.array([[False]])
    problems = []
    for image, tuned in enumerate(is_tuned):
        low, high = (0.12, 0.32) if tuned else (0.42, 0.92)
        problems.append(MatchingProblem(np.array([[high]]), right, image, 0))
        problems.append(MatchingProblem(np.array([[low]]), false, image, 1))
    return problems


@pytest.mark.parametrize("rounding", ["hungarian", "mutual", "greedy"])
def test_thresholds_are_tuned_on_images_for_tuning_alone(rounding):
    """Thresholds of 0.15 to 0.3 are right on the images for tuning, 0.45 to 0.9 on the others."""
    result = associated(planted_problems(IS_TUNED), rounding)
    assert 0.12 < result.threshold < 0.32
    assert (result.counts[IS_TUNED] == [1, 0, 0]).all()
    assert (result.counts[~IS_TUNED] == [1, 1, 0]).all()


def test_the_planted_threshold_follows_the_images_for_tuning():
    assert 0.42 < associated(planted_problems(~IS_TUNED)).threshold < 0.92


def test_thresholds_are_looked_for_as_far_as_affinities_go():
    """Right is a threshold of 6 to 16."""
    problems = [
        MatchingProblem(50 * problem.affinity, problem.truth, problem.image, problem.limb)
        for problem in planted_problems(IS_TUNED)
    ]
    assert 6 < associated(problems).threshold < 16
    assert thresholds_up_to(0.99).tolist() == thresholds_up_to(1.0).tolist() == THRESHOLDS.tolist()
    assert thresholds_up_to(1.15)[len(THRESHOLDS) :].tolist() == [1.0, 1.1]


def some_problems(seed, number=25):
    """Several problems an image, some images without any."""
    rng = np.random.default_rng(seed)
    images = np.sort(rng.integers(0, NUM_IMAGES, number))
    problems = []
    for image in images:
        shape = tuple(rng.integers(1, 5, 2))
        problems.append(MatchingProblem(rng.uniform(-0.3, 1, shape), rng.random(shape) < 0.3, int(image), 0))
    return problems


@given(seed=st.integers(0, 2**32 - 1), rounding=st.sampled_from(["hungarian", "mutual", "greedy"]))
@settings(deadline=None, max_examples=20)
def test_counts_are_those_of_a_loop_over_problems(seed, rounding):
    problems = some_problems(seed)
    result = associated(problems, rounding)

    def loop(threshold, contested_only=False):
        counts = np.zeros((NUM_IMAGES, 3), dtype=int)
        for problem in problems:
            if contested_only and min(problem.affinity.shape) < 2:
                continue
            affinity = torch.from_numpy(problem.affinity)[None]
            joined = round_assignment(affinity, affinity, threshold, by=rounding)[0].numpy()
            counts[problem.image] += association_counts(joined, problem.truth)
        return counts

    assert (result.counts == loop(result.threshold)).all()
    assert (result.contested_counts == loop(result.threshold, contested_only=True)).all()
    scores = [f1(loop(threshold)[IS_TUNED].sum(0)) for threshold in THRESHOLDS]
    assert result.threshold == THRESHOLDS[int(np.argmax(scores))]


def test_a_pair_is_cut_by_its_affinity_not_by_its_assignment():
    """An assignment says who belongs together; whether a pair is kept at all is its affinity's to say."""
    truth = np.array([[True, False], [False, False]])
    affinity = np.array([[0.8, 0.1], [0.1, -0.2]])
    batch = MatchingBatch.pad([MatchingProblem(affinity, truth, image, 0) for image in range(NUM_IMAGES)])
    diagonal = torch.eye(2, dtype=torch.float64).expand(NUM_IMAGES, 2, 2)
    result = associate([batch], [diagonal], "hungarian", IS_TUNED)
    assert (result.counts == [1, 0, 0]).all()


def test_agreement_is_over_problems_of_a_unique_optimum():
    truth = np.eye(2, dtype=bool)
    clear, tied = np.array([[0.9, 0.2], [0.1, 0.8]]), np.full((2, 2), 0.5)
    images = [clear, clear, clear, tied]
    batch = MatchingBatch.pad([MatchingProblem(a, truth, k, 0) for k, a in enumerate(images)])
    crossed = torch.tensor([[0.1, 1.0], [1.0, 0.1]], dtype=torch.float64)
    assignments = torch.stack([crossed if image == 0 else batch.affinity[0] for image in batch.image.tolist()])
    assert associate([batch], [assignments], "hungarian", IS_TUNED[:4]).agreement == pytest.approx(2 / 3)


def test_agreement_without_a_unique_optimum_is_nan():
    tied = MatchingProblem(np.full((2, 2), 0.5), np.eye(2, dtype=bool), 0, 0)
    assert np.isnan(associated([tied], "mutual", np.array([False])).agreement)
