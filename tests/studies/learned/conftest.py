import pytest
import torch

from mghp.config.load import load_config, variant_names
from mghp.runs.read import Run
from mghp.studies.learned.run import run_learned

TINY = (
    "data.generated_poses.num_images=40", "data.poses.preset=default", "learned.steps=15",
    "learned.learning_rates=[0.01]", "learned.scales=[1.0]", "learned.hidden=8", "wandb.mode=disabled",
)  # fmt: skip


@pytest.fixture(scope="session")
def tiny(checkout, tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("learned")

    def load(*overrides):
        return load_config(checkout / "experiments" / "matcher" / "learned.yaml", [f"runs={folder}", *TINY, *overrides])

    return load


@pytest.fixture(scope="session")
def every_variant(tiny, checkout):
    names = variant_names(checkout / "experiments" / "matcher" / "learned.yaml")
    return {name: Run(run_learned(tiny(f"variant={name}"))) for name in names}
