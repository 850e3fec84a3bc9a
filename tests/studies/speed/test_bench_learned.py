import pandas as pd
import pytest
import torch

from mghp.config.load import load_config
from mghp.runs.read import Run
from mghp.studies.speed.learned import STEP_COST, WARM_UP, bench_learned
from mghp.studies.speed.measure import kept_bytes

ARMS = ("line_integral", "binary_cross_entropy", "pgd_paper", "pgd_last_1", "fenchel_young")
FLOAT = 4


@pytest.fixture(scope="module")
def measured(checkout, tmp_path_factory):
    torch.set_num_threads(1)
    settings = [
        f"runs={tmp_path_factory.mktemp('runs')}", "data.generated_poses.num_images=40", "data.poses.preset=default",
        "learned.hidden=8", "learned.batch_problems=64", "bench.steps=3",
    ]  # fmt: skip
    file = checkout / "experiments" / "matcher" / "bench_learned.yaml"
    arms = {name: load_config(file, [*settings, f"variant={name}"]) for name in ARMS}
    told = []
    folder = bench_learned(
        load_config(file, settings), arms, lambda done, total, what: told.append((done, total, what))
    )
    return Run(folder), told


def test_every_variant_that_trains_is_measured_beside_the_baseline(measured):
    run, told = measured
    rows = pd.read_csv(run.path / "ratios.csv").set_index("arm")
    assert list(rows.index) == list(ARMS[1:])
    assert told == [(number, WARM_UP + 3, "steps") for number in range(WARM_UP + 3)]
    assert (rows > 0).all(axis=None)
    assert rows["kept_ratio"]["binary_cross_entropy"] == 1
    assert run.result["experiment"] == "bench_learned"


def test_a_loss_that_is_not_taken_through_the_matcher_keeps_nothing_of_it(measured):
    run, _ = measured
    kept = pd.read_csv(run.path / "ratios.csv").set_index("arm")["kept_bytes"]
    assert kept["fenchel_young"] < kept["pgd_paper"]
    assert kept["binary_cross_entropy"] < kept["pgd_paper"]


def test_the_table_names_the_variants(measured):
    run, _ = measured
    table = STEP_COST.filled([run])
    assert table.name == "bench_learned"
    assert [row["problems a step"] for row in table.rows] == [64] * 4
    assert table.rows[0]["times the baseline's memory"] == 1


class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.kept = torch.zeros(50, dtype=torch.float64)
        return a.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad


def test_what_is_kept_anywhere_in_the_graph_counts_and_parameters_do_not():
    weight = torch.randn(10, 10, requires_grad=True)
    features = torch.randn(5, 10)
    assert kept_bytes(lambda: (features @ weight).sum(), [weight]) == 50 * FLOAT
    assert kept_bytes(lambda: (features @ weight.exp()).sum(), [weight]) == (50 + 100) * FLOAT
    assert kept_bytes(lambda: Keeps.apply(weight).exp().sum(), [weight]) == 50 * 8 + 100 * FLOAT
