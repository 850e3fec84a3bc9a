import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mghp.metrics.matching import association_counts, f1
from mghp.metrics.resampling import picture_draws
from mghp.report.statistics import bootstrap_difference


@given(seed=st.integers(0, 2**32 - 1), sources=st.integers(0, 6), destinations=st.integers(0, 6))
def test_counts_are_a_loop_s(seed, sources, destinations):
    predicted, truth = np.random.default_rng(seed).random((2, sources, destinations)) < 0.4
    pairs = list(zip(predicted.ravel(), truth.ravel(), strict=True))
    expected = [sum((p, t) == kind for p, t in pairs) for kind in [(True, True), (True, False), (False, True)]]
    assert list(association_counts(predicted, truth)) == expected


def test_counts_refuse_soft_assignments_and_other_shapes():
    with pytest.raises(TypeError, match="float64 and bool"):
        association_counts(np.ones((2, 2)), np.ones((2, 2), dtype=bool))
    with pytest.raises(ValueError, match="share a shape"):
        association_counts(np.ones((2, 3), dtype=bool), np.ones((3, 2), dtype=bool))


@given(counts=st.tuples(st.integers(1, 99), st.integers(0, 99), st.integers(0, 99)))
def test_f1_is_the_harmonic_mean_of_precision_and_recall(counts):
    right, false, missed = counts
    precision, recall = right / (right + false), right / (right + missed)
    assert f1(counts) == pytest.approx(2 * precision * recall / (precision + recall))


def test_f1_at_its_ends_and_its_shape():
    assert f1([[0, 0, 0], [0, 1, 0], [0, 0, 1], [5, 0, 0]]).tolist() == [1, 0, 0, 1]
    assert f1(np.zeros((2, 4, 3))).shape == (2, 4)
    with pytest.raises(ValueError, match=r"\(\.\.\., 3\)"):
        f1([1, 2])


def random_counts(seed, num_images=60):
    return np.random.default_rng(seed).integers(0, 20, (num_images, 3))


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_difference_is_of_the_sums_and_changes_sign(seed):
    a, b = random_counts(seed), random_counts(seed + 1)
    difference, low, high = bootstrap_difference(a, b, 200)[:3]
    assert difference == pytest.approx(f1(a.sum(axis=0)) - f1(b.sum(axis=0)))
    assert low <= high
    assert bootstrap_difference(b, a, 200)[:3] == pytest.approx((-difference, -high, -low))


def test_a_method_does_not_differ_from_itself():
    assert bootstrap_difference(random_counts(0), random_counts(0)) == (0.0, 0.0, 0.0, 1.0, 0)


def test_bootstrap_agrees_with_a_loop_over_draws():
    a, b = random_counts(0), random_counts(1)
    rng = np.random.default_rng(5)
    drawn = [f1(a[i].sum(axis=0)) - f1(b[i].sum(axis=0)) for i in rng.integers(0, len(a), (4000, len(a)))]
    _, low, high = bootstrap_difference(a, b, 4000)[:3]
    width = high - low
    assert (low, high) == pytest.approx(tuple(np.percentile(drawn, (2.5, 97.5))), abs=0.1 * width)


def test_the_interval_covers_the_true_difference():
    # Method a is right with probability 0.8, b with 0.75, on pairs of 80 images.
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(100):
        right_a, right_b = rng.binomial(10, 0.8, 80), rng.binomial(10, 0.75, 80)
        a, b = (np.stack([right, 10 - right, 10 - right], axis=1) for right in (right_a, right_b))
        _, low, high = bootstrap_difference(a, b, 300)[:3]
        covered += low <= 0.05 <= high
    assert covered >= 85


def test_the_draw_is_seeded_and_every_sample_counts():
    a, b = random_counts(0), random_counts(1)
    assert bootstrap_difference(a, b, 150, seed=1) == bootstrap_difference(a, b, 150, seed=1)
    assert bootstrap_difference(a, b, 150, seed=1)[1:3] != bootstrap_difference(a, b, 150, seed=2)[1:3]
    assert bootstrap_difference(a, b, 1)[1] == bootstrap_difference(a, b, 1)[2]


def test_images_are_drawn_once_for_all_comparisons():
    picture_draws.cache_clear()
    for seed in range(3):
        bootstrap_difference(random_counts(seed), random_counts(3), 50)
    assert picture_draws.cache_info().misses == 1


@pytest.mark.parametrize(("a", "b"), [((3, 2), (3, 3)), ((0, 3), (0, 3)), ((3,), (3,)), ((4, 3), (5, 3))])
def test_bootstrap_shapes_are_checked(a, b):
    with pytest.raises(ValueError, match="shape"):
        bootstrap_difference(np.zeros(a), np.zeros(b))


def test_bootstrap_needs_a_sample():
    with pytest.raises(ValueError, match="num_samples"):
        bootstrap_difference(np.ones((2, 3)), np.ones((2, 3)), 0)
