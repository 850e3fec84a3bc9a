import math

import pytest
import torch

from mghp.parsing.losses.weighting import FixedWeights, LearnedWeights


def test_fixed_weights_are_a_weighted_sum():
    losses = {"parts": torch.tensor(2.0), "limbs": torch.tensor(3.0)}
    assert FixedWeights({"parts": 1.0, "limbs": 0.5, "field": 7.0})(losses) == 3.5


def test_learned_weights_settle_where_kendall_s_formula_has_its_minimum():
    losses = {"parts": torch.tensor(2.0), "limbs": torch.tensor(0.1)}
    weighting = LearnedWeights({"parts": 1.0, "limbs": 1.0})
    assert float(weighting(losses).detach()) == pytest.approx(2.1 / 2)
    optimizer = torch.optim.SGD(weighting.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        weighting(losses).backward()
        optimizer.step()
    # d/ds [L e^(-2s) / 2 + s] = 0 at s = log(L) / 2
    for name, loss in losses.items():
        assert float(weighting.log_sigma[name]) == pytest.approx(math.log(float(loss)) / 2, abs=1e-3)


def test_a_loss_that_is_missing_in_a_batch_leaves_its_weight_alone():
    weighting = LearnedWeights({"parts": 1.0, "limbs": 1.0})
    weighting({"limbs": torch.tensor(3.0)}).backward()
    assert weighting.log_sigma["parts"].grad is None
