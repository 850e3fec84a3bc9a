"""The matcher's example in the README learns, from whatever scores its layer gives at first."""

import pytest
import torch

RANGES = [(0.0, 1.0), (-0.5, 0.5), (-1.5, -0.5)]
"""Most of the scores at first: positive, of both signs, negative."""


@pytest.fixture(scope="module")
def example(checkout):
    """Its preparation and its loop, compiled."""
    text = (checkout / "README.md").read_text().partition("**The matcher in your own network.**")[2]
    code = text.partition("```python\n")[2].partition("```")[0]
    head, loop, body = code.partition("for step in")
    assert "\nmatcher = " in head
    return compile(head, "README.md", "exec"), compile(loop + body, "README.md", "exec")


def learned_share(example, low, high, seed):
    """Train as the README does, from scores in a range; the share of sources whose best pair is true."""
    names = {}
    torch.manual_seed(seed)
    exec(example[0], names)
    with torch.no_grad():
        layer, features = names["scorer"], names["features"]
        layer.weight.mul_((high - low) / 4 / (features @ layer.weight[0]).std())
        layer.bias.fill_((low + high) / 2 - (features @ layer.weight[0]).mean())
    exec(example[1], names)
    is_best = names["truth"].gather(-1, names["affinity"].argmax(-1, keepdim=True)).squeeze(-1)
    return float(is_best[names["source_mask"]].float().mean())


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_no_seed_of_twenty_dies(example, low, high):
    shares = [learned_share(example, low, high, seed) for seed in range(20)]
    assert min(shares) > 0.95, shares
