import json

import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.config.load import load_config
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.gradients import GRADIENTS, gradient_norms
from mghp.studies.speed.parsing import stepped_module
from mghp.studies.speed.training_step import first_batches

VARIANTS = """
variants:
  none: {losses: {weights: {matching: 0.0}}}
  one: {label: the first, losses: {weights: {matching: 1.0}}}
  far: {losses: {weights: {matching: 7.0}, matching: affinity_cross_entropy}}
"""


@pytest.fixture(scope="module")
def call(small_config, small_settings, checkout, tmp_path_factory):
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("gradients")
    file = folder / "ways.yaml"
    file.write_text(f"base: {checkout / 'experiments' / 'parsing' / 'synthetic_10min.yaml'}" + VARIANTS)
    root = small_config().data.root
    small = [setting for setting in small_settings if not setting.startswith("losses.")]
    arguments = [*small, f"data.root={root}", f"runs={folder}", "bench.repeats=2", "trainer.precision=32-true"]
    return Call(load_config(file, arguments), lambda *_: None, arguments, file)


def test_the_command_gives_each_variant_with_a_matching_loss_the_weight_at_which_both_pull_alike(call, tmp_path):
    arguments = [str(call.file), *call.arguments, "--out", str(tmp_path)]
    shown = CliRunner().invoke(app, ["bench", "gradients", *arguments], catch_exceptions=False)
    assert (tmp_path / "bench_gradients.md").read_text() in shown.output
    (folder,) = (call.file.parent / "bench_gradients").iterdir()
    rows = pd.read_csv(folder / "ratios.csv").set_index("variant")
    assert list(rows.index) == ["the first", "far"]
    assert (rows["least"] <= rows["weight"]).all()
    assert (rows["weight"] <= rows["largest"]).all()
    assert rows["limbs"]["far"] == pytest.approx(rows["limbs"]["the first"], rel=1e-4)
    assert json.loads((folder / "result.json").read_text())["experiment"] == "bench_gradients"
    assert [row["trained by"] for row in GRADIENTS.filled([Run(folder)]).rows] == ["the first", "far"]


def test_norms_are_of_the_parameters_that_both_losses_reach_and_know_no_weights(call):
    config = call.variants["far"]
    torch.manual_seed(0)
    module, _ = stepped_module(config)
    batch = first_batches(config, call.train, 1)[0]
    limbs, matching = gradient_norms(config, module, batch)
    losses, _ = module.losses(batch)
    names = dict(module.network.named_parameters())
    of = {name: torch.autograd.grad(losses[name], list(names.values()), retain_graph=True, allow_unused=True)
          for name in ("limbs", "matching")}  # fmt: skip
    reached = {
        name: {key for key, gradient in zip(names, found, strict=True) if gradient is not None}
        for name, found in of.items()
    }
    assert any(key.startswith("keypoints") for key in reached["matching"] - reached["limbs"])
    shared = reached["limbs"] & reached["matching"]
    expected = sum(g.square().sum() for key, g in zip(names, of["matching"], strict=True) if key in shared).sqrt()
    assert matching == pytest.approx(float(expected), rel=1e-3)
    assert limbs > 0
