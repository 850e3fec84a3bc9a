import dataclasses

import pytest
import torch

from mghp.datasets.synthetic import SCENES, render
from mghp.parsing.batch import collate


@pytest.fixture(scope="session")
def small_module(small_config):
    from mghp.training.build import build_module

    def build(*overrides):
        torch.manual_seed(0)
        return build_module(small_config(*overrides), max_steps=100)

    return build


@pytest.fixture(scope="session")
def crowd_batch():
    return collate([render(SCENES["default"], index, seed=11, size=64) for index in range(3)], 17)


@pytest.fixture
def batch(crowd_batch):
    """Three pictures of several people; a copy that a test may change."""
    return dataclasses.replace(
        crowd_batch, **{k: v.clone() for k, v in vars(crowd_batch).items() if isinstance(v, torch.Tensor)}
    )
