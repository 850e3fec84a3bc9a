import numpy as np
import pytest

from mghp.data.pictures import load_tuning
from mghp.experiments.limb_tuning import best_threshold, tuned_least_affinity
from mghp.experiments.parsing_parts import build_module
from mghp.metrics.matching import f1


@pytest.mark.parametrize("seed", range(5))
def test_no_other_threshold_has_a_larger_f1(seed):
    generator = np.random.default_rng(seed)
    values = generator.normal(size=40).round(1)  # with ties
    right = generator.random(40) < 1 / (1 + np.exp(-3 * values))
    true_pairs = int(right.sum()) + 6

    def f1_from(threshold):
        kept = values >= threshold
        hits = int((kept & right).sum())
        return f1(np.array([hits, int(kept.sum()) - hits, true_pairs - hits]))

    best = best_threshold(values, right, true_pairs)
    assert f1_from(best) == pytest.approx(max(f1_from(value) for value in values))


def test_nothing_right_leaves_the_learned_price():
    assert best_threshold(np.array([1.0, 2.0]), np.array([False, False]), 3) == 0
    assert best_threshold(np.zeros(0), np.zeros(0, dtype=bool), 3) == 0


def test_all_right_keeps_everything():
    assert best_threshold(np.array([3.0, -2.0]), np.array([True, True]), 2) == -2


def test_a_network_s_pairs_have_a_threshold_among_their_affinities(small_config):
    config = small_config("assembly.peak_threshold=0.005")
    module = build_module(config).eval()
    threshold = tuned_least_affinity(module, load_tuning(config.data, lambda *_: None))
    assert np.isfinite(threshold)
