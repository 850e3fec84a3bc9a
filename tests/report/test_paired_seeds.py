import numpy as np
import pytest
from scipy import stats

from mghp.report.statistics import _cluster_draws, paired_pictures, paired_seeds


def made_up(rng, of_seed, of_picture, of_cell, seeds=3, pictures=60):
    """Differences with known spreads and mean 0."""
    return (
        of_seed * rng.normal(size=(seeds, 1))
        + of_picture * rng.normal(size=(1, pictures))
        + of_cell * rng.normal(size=(seeds, pictures))
    )


@pytest.mark.parametrize("ours", [[0.5, 0.52, 0.49], [0.3, 0.1, 0.2, 0.25, 0.3]])
def test_the_interval_of_a_sets_score_is_that_of_a_paired_t_test(ours):
    baseline = np.linspace(0.2, 0.3, len(ours))
    found = paired_seeds(np.array(ours) - baseline)
    test = stats.ttest_rel(ours, baseline)
    expected = test.confidence_interval(0.95)
    np.testing.assert_allclose(found[:4], [np.mean(ours) - 0.25, expected.low, expected.high, test.pvalue], rtol=1e-9)
    assert found.seeds == len(ours)


def test_pictures_without_spread_leave_the_seeds_t_test():
    """All of the variance is the seeds': scipy's interval, up to the bootstrap's own noise."""
    differences = np.array([0.01, 0.03, 0.02])
    found = paired_pictures(np.repeat(differences[:, None], 50, 1), num_samples=8000)
    expected = stats.ttest_1samp(differences, 0).confidence_interval(0.95)
    np.testing.assert_allclose(found[1:3], expected, atol=8e-4)


def test_seeds_without_spread_leave_the_pictures_interval():
    of_picture = np.random.default_rng(0).normal(0.02, 0.1, 200)
    found = paired_pictures(np.repeat(of_picture[None], 3, 0), num_samples=8000)
    expected = stats.norm.interval(0.95, of_picture.mean(), stats.sem(of_picture))
    np.testing.assert_allclose(found[1:3], expected, atol=8e-4)


@pytest.mark.parametrize("spreads", [(1, 0, 1), (1, 3, 3), (0.2, 3, 3)])
def test_intervals_of_three_seeds_hold_the_truth(spreads):
    """95 times of 100; a bootstrap's percentiles would do so fewer than 80 times where the seeds differ most."""
    rng = np.random.default_rng(1)
    found = [paired_pictures(made_up(rng, *spreads), num_samples=200, seed=trial) for trial in range(150)]
    assert 0.88 <= np.mean([one.low <= 0 <= one.high for one in found]) < 1


def test_pictures_and_seeds_are_drawn_once_for_all_comparisons():
    _cluster_draws.cache_clear()
    rng = np.random.default_rng(2)
    for _ in range(3):
        paired_pictures(made_up(rng, 1, 1, 1), num_samples=50)
    assert _cluster_draws.cache_info().misses == 1


def test_one_seed_has_no_interval():
    for found in (paired_seeds([0.1]), paired_pictures([[0.05, 0.15]])):
        assert found.mean == pytest.approx(0.1)
        assert np.isnan(found[1:4]).all()
        assert found.seeds == 1


def test_equal_differences_leave_nothing_open():
    assert paired_seeds([0.5, 0.5]) == (0.5, 0.5, 0.5, 0.0, 2)
    assert paired_pictures(np.zeros((3, 4))) == (0, 0, 0, 1, 3)


@pytest.mark.parametrize(("call", "bad"), [(paired_seeds, []), (paired_seeds, [[1]]), (paired_pictures, [1.0])])
def test_other_shapes_are_told(call, bad):
    with pytest.raises(ValueError, match="differences must have shape"):
        call(bad)
    with pytest.raises(ValueError, match="neither of them 0"):
        paired_pictures(np.zeros((3, 0)))
