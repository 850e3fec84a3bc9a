import numpy as np
import pytest

from mghp.metrics.matching import f1
from mghp.report.statistics import SeedCounts, f1_over_seeds, holm


def counts_of(rng, right):
    found = rng.binomial(10, right)
    return np.stack([found, 10 - found, 10 - found], 1)


def seeds_of(rng, number, ours=0.8, theirs=0.8, effect=0.0, images=80):
    """Seeds that test on images of their own choice; `effect`: how much a seed moves ours."""
    made = []
    for _ in range(number):
        right = np.clip(ours + effect * rng.normal(), 0, 1)
        chosen = rng.choice(400, images, False)
        made.append(SeedCounts(chosen, counts_of(rng, np.full(images, right)), counts_of(rng, np.full(images, theirs))))
    return made


def test_a_planted_difference_is_found():
    rng = np.random.default_rng(0)
    seeds = seeds_of(rng, 8, 0.8, 0.75)
    found = f1_over_seeds(seeds)
    wholes = [float(f1(one.counts_a.sum(0)) - f1(one.counts_b.sum(0))) for one in seeds]
    assert found.mean == pytest.approx(np.mean(wholes))
    assert 0 < found.low < 0.05 < found.high
    assert found.p < 0.05
    assert found.seeds == 8


@pytest.mark.parametrize(("number", "effect"), [(3, 0.0), (3, 0.1), (5, 0.1), (10, 0.0)])
def test_no_difference_is_within_the_interval_as_often_as_it_says(number, effect):
    """Whether the seeds move nothing, or five times as much as the images' noise."""
    rng = np.random.default_rng(number)
    found = [f1_over_seeds(seeds_of(rng, number, effect=effect), 200, seed=k) for k in range(150)]
    assert np.mean([one.low <= 0 <= one.high for one in found]) >= 0.89
    assert np.mean([one.p < 0.05 for one in found]) <= 0.11


def test_images_that_all_seeds_share_are_no_new_evidence():
    """Ten seeds with the same images and counts say no more than one of them."""
    rng = np.random.default_rng(1)
    one = seeds_of(rng, 1, 0.8, 0.78)[0]
    alone, ten = f1_over_seeds([one]), f1_over_seeds([one] * 10)
    assert ten.mean == pytest.approx(alone.mean)
    assert ten.high - ten.low == pytest.approx(alone.high - alone.low, rel=0.02)
    other = [SeedCounts(one.images + 400 * k, one.counts_a, one.counts_b) for k in range(10)]
    wider = alone.high - alone.low
    assert f1_over_seeds(other).high - f1_over_seeds(other).low == pytest.approx(wider / np.sqrt(10), rel=0.1)


def test_seeds_that_disagree_widen_the_interval():
    rng = np.random.default_rng(2)
    same, apart = (f1_over_seeds(seeds_of(rng, 5, effect=effect)) for effect in (0.0, 0.1))
    assert apart.high - apart.low > 2 * (same.high - same.low)


def test_of_no_seed_or_image_there_is_none():
    with pytest.raises(ValueError, match="at least one seed"):
        f1_over_seeds([])
    with pytest.raises(ValueError, match="at least one image"):
        f1_over_seeds([SeedCounts(np.zeros(0, int), np.zeros((0, 3), int), np.zeros((0, 3), int))])


def test_holm_steps_down():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9, 0.9]) == [1.0, 1.0]
    assert holm([]) == []
