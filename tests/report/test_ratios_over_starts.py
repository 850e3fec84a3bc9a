"""Differences of pooled ratios over starts: the wider of two intervals."""

import numpy as np
import pytest

from mghp.report.statistics import PairedCounts, nested_draws, paired_seeds, ratios_over_starts


def start(fold, gain, pictures=40, noise=0.0, seed=0):
    """Ours are right on more of 100 pixels of each picture, by `gain` and by noise."""
    rng = np.random.default_rng(seed)
    baseline = 50 + 10 * rng.normal(size=pictures)
    ours = baseline + 100 * gain + 100 * noise * rng.normal(size=pictures)
    names = [f"{fold}{number}" for number in range(pictures)]
    pixels = np.full(pictures, 100.0)
    return PairedCounts(names, np.stack([ours, pixels], 1), np.stack([baseline, pixels], 1))


def test_where_pictures_are_alike_it_is_student_s_t_over_starts():
    starts = [start(fold, gain) for fold, gain in zip("aabb", (0.02, 0.05, 0.03, 0.06), strict=True)]
    assert ratios_over_starts(starts) == pytest.approx(paired_seeds([0.02, 0.05, 0.03, 0.06]))


def test_where_starts_are_alike_pictures_make_the_interval():
    starts = [start(fold, 0.03, noise=0.1) for fold in "aabb"]  # the same noise in all: t would have no width
    found = ratios_over_starts(starts)
    of_pictures = (starts[0].ours[:, 0] - starts[0].baseline[:, 0]) / 100
    assert found.mean == pytest.approx(of_pictures.mean())
    of_one_fold = 2 * 1.96 * of_pictures.std() / np.sqrt(40)
    assert of_one_fold / np.sqrt(2) < found.high - found.low < of_one_fold  # two folds have pictures of their own


def test_pictures_count_by_their_pixels_not_alike():
    counts = np.array([[90.0, 100.0], [0.0, 900.0]]), np.array([[0.0, 100.0], [0.0, 900.0]])
    assert ratios_over_starts([PairedCounts(["a", "b"], *counts)]).mean == pytest.approx(0.09)


def test_one_start_has_no_interval():
    found = ratios_over_starts([start("a", 0.1, noise=0.1)])
    assert found.seeds == 1
    assert np.isnan(found.low)
    assert np.isnan(found.p)
    with pytest.raises(ValueError, match="at least one seed"):
        ratios_over_starts([])


def test_seeds_of_one_start_are_one_in_student_s_t():
    pairs = [start(fold, gain) for fold, gain in zip("aabb", (0.02, 0.04, 0.05, 0.09), strict=True)]
    found = ratios_over_starts(pairs, ["x", "x", "y", "y"])
    assert found == pytest.approx(paired_seeds([0.03, 0.07]))
    assert found.seeds == 2
    assert found.high - found.low > 2 * np.diff(ratios_over_starts(pairs)[1:3])[0]


def test_each_start_counts_alike_however_many_seeds_it_has():
    pairs = [start("a", gain) for gain in (0.0, 0.0, 0.0, 0.04)]
    assert ratios_over_starts(pairs, ["x", "x", "x", "y"]).mean == pytest.approx(0.02)


def test_seeds_of_a_single_start_are_no_evidence():
    found = ratios_over_starts([start("a", 0.02), start("a", 0.021)], ["x", "x"])
    assert (found.seeds, found.mean) == (1, pytest.approx(0.0205))
    assert np.isnan([found.low, found.high, found.p]).all()


def test_draws_take_starts_first_and_then_their_seeds():
    shares = nested_draws([[0, 1], [2], [3, 4, 5]], 4000, seed=0)
    np.testing.assert_allclose(shares.sum(1), 1)
    of_starts = np.stack([shares[:, :2].sum(1), shares[:, 2], shares[:, 3:].sum(1)], 1)
    assert set(of_starts.ravel().tolist()) <= {0.0, 0.5, 1.0}  # two of three starts are drawn
    np.testing.assert_allclose(of_starts.mean(0), 1 / 3, atol=0.02)
    np.testing.assert_allclose(shares[:, 3:].mean(0), 1 / 9, atol=0.02)
    assert (shares[:, 0] > shares[:, 1]).any()  # a seed may be drawn twice


@pytest.mark.parametrize("of_starts", [0.0, 0.02])
def test_intervals_of_nested_seeds_hold_the_truth(of_starts):
    """No effect at all, four starts of two seeds: 95 of 100 intervals or more hold 0, whatever starts add."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        gains = np.repeat(of_starts * rng.normal(size=4), 2) + 0.01 * rng.normal(size=8)
        pairs = [start(fold, gain, pictures=5) for fold, gain in zip("aaaabbbb", gains, strict=True)]
        found = ratios_over_starts(pairs, list("wwxxyyzz"), num_samples=200)
        held += found.low <= 0 <= found.high
    assert held >= 0.91 * 200  # 2.6 standard errors below 95 %
