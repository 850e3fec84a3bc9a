"""Differences of pooled ratios over starts: the wider of two intervals."""

import numpy as np
import pytest

from mghp.report.statistics import PairedCounts, paired_seeds, ratios_over_starts


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


def test_seeds_of_one_start_count_as_less_than_other_starts():
    gains = (0.02, 0.021, 0.06, 0.061)  # two starts that disagree, whose seeds agree
    pairs = [start("a", gain) for gain in gains]
    nested, apart = ratios_over_starts(pairs, ["x", "x", "y", "y"]), ratios_over_starts(pairs)
    assert nested.mean == apart.mean == pytest.approx(0.0405)
    assert nested.low <= 0.021  # one start alone is among the draws
    assert nested.high >= 0.06
    assert ratios_over_starts(pairs, ["x", "x", "x", "x"]) == pytest.approx(paired_seeds(gains))  # no other start


def test_a_start_with_more_seeds_counts_by_its_pairs():
    pairs = [start("a", gain) for gain in (0.0, 0.0, 0.0, 0.04)]
    assert ratios_over_starts(pairs, ["x", "x", "x", "y"]).mean == pytest.approx(0.01)
