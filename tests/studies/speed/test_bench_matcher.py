import json

import numpy as np
import pandas as pd
import pytest
import torch

import mghp.studies.speed.matcher
from mghp.config.load import load_config
from mghp.matching import PGDDykstra
from mghp.matching.literal import literal_algorithm
from mghp.problems.load import load_problems
from mghp.runs.read import Run
from mghp.studies.speed.matcher import LITERAL, PADDING, SCALING, SHAPES, bench_matcher
from mghp.studies.speed.measure import import_seconds, median_seconds, saved_bytes

FLOAT = 4


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


def test_saved_bytes_are_counted_by_hand():
    """relu keeps its result, exp keeps its own, which is given back and therefore the caller's."""
    x = torch.randn(10, 10)
    assert saved_bytes(lambda a: a.relu().exp(), x) == 100 * FLOAT
    assert saved_bytes(lambda a: a.exp() * 2, x) == 100 * FLOAT
    assert saved_bytes(lambda a: a.exp().exp().sum(), x) == 2 * 100 * FLOAT
    assert saved_bytes(lambda a: a + 1, x) == 0


def test_a_storage_counts_once_and_whole():
    """Both factors of a square are the input's clone; a view keeps all of what it is a view of."""
    x = torch.randn(10, 10)
    assert saved_bytes(lambda a: (a * a).sum(), x) == 100 * FLOAT
    assert saved_bytes(lambda a: (a * 1.0)[:2].square().sum(), x) == 100 * FLOAT


class Keeps(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.kept = torch.zeros(50, dtype=torch.float64)
        ctx.more = [torch.zeros(3), torch.zeros(4)]
        return a.clone()

    @staticmethod
    def backward(ctx, grad):
        return grad


def test_what_a_function_keeps_beside_saved_tensors_counts():
    assert saved_bytes(Keeps.apply, torch.zeros(2)) >= 50 * 8 + 7 * FLOAT


@pytest.mark.parametrize("backend", ["numba", "torch"])
@pytest.mark.parametrize("shape", [(256, 16, 16), (152, 6, 6)])
def test_the_replay_keeps_at_most_a_quarter_of_the_literal_algorithm_s_memory(backend, shape):
    affinity = torch.rand(shape)
    kept = saved_bytes(PGDDykstra(backend=backend), affinity)
    assert 0 < kept <= saved_bytes(literal_algorithm, affinity) / 4


def test_the_median_is_of_the_repeats_after_a_run_that_does_not_count(monkeypatch):
    ticks = iter([0, 1, 10, 13, 20, 22])  # 1, 3 and 2 seconds
    calls = []
    monkeypatch.setattr("mghp.studies.speed.measure.time.perf_counter", lambda: next(ticks))
    assert median_seconds(lambda: calls.append(1), 3) == 2
    assert len(calls) == 4


def test_an_import_is_timed_in_a_python_of_its_own():
    assert 0 < import_seconds("mghp.errors") < 60


@pytest.fixture(scope="module")
def bench(checkout, tmp_path_factory):
    """A bench of a few problems, each shape reduced to a few."""
    small = [
        "bench.repeats=1", "bench.loop_problems=4", "bench.sizes=[2,3]", "bench.batches=[1,5]", "data.max_images=4",
        f"runs={tmp_path_factory.mktemp('bench')}",
    ]  # fmt: skip
    config = load_config(checkout / "experiments" / "matcher" / "bench.yaml", small)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mghp.studies.speed.matcher, "SHAPES", tuple((3, *shape[1:]) for shape in SHAPES))
        patch.setattr(mghp.studies.speed.matcher, "MIXES", ((4,), (2, 4)))
        patch.setattr(mghp.studies.speed.matcher, "MIXED", 6)
        return Run(bench_matcher(config, load_problems(config.data)))


def test_the_bench_holds_each_backend_against_the_literal_algorithm(bench):
    rows = pd.read_csv(bench.path / "ratios.csv")
    uniform = rows[rows["problems"].str.contains("uniform")]
    for _, part in uniform.groupby("problems"):
        assert part["method"].tolist() == ["literal, autograd", "numba", "torch"]
    assert uniform["problems"].nunique() == len(SHAPES)
    ours = uniform[uniform["method"] != "literal, autograd"]
    ratios = ours[["forward_ratio", "both_ratio", "memory_share"]]
    assert np.isfinite(ratios).all(axis=None)
    assert (ratios > 0).all(axis=None)
    assert (ours["memory_share"] < 1).all()
    assert np.isfinite(rows[["forward_ms", "both_ms"]]).all(axis=None)


def test_a_ratio_is_the_peer_s_time_over_ours(bench):
    rows = pd.read_csv(bench.path / "ratios.csv")
    for _, part in rows.groupby("problems"):
        peer = part.iloc[0]
        assert np.isnan(peer["forward_ratio"])
        for _, row in part.iloc[1:].iterrows():
            for kind in ("forward", "both"):
                assert row[f"{kind}_ratio"] == pytest.approx(peer[f"{kind}_ms"] / row[f"{kind}_ms"])


def test_the_bench_holds_a_batch_of_all_against_a_loop(bench):
    rows = pd.read_csv(bench.path / "ratios.csv")
    loop, batched = rows[rows["problems"].str.startswith("all ")].to_dict("records")
    assert loop["problems"] == batched["problems"]
    assert loop["problems"].endswith(" of 4 images")
    assert loop["method"] == "literal, one at a time (4 timed)"
    assert batched["forward_ratio"] > 0


def test_every_solver_is_timed_at_every_size_and_batch(bench):
    frame = bench.steps
    points = {("size", 64, 2), ("size", 64, 3), ("batch", 1, 16), ("batch", 5, 16)}
    for _, part in frame.groupby("solver"):
        assert set(part[["varied", "batch", "size"]].itertuples(index=False, name=None)) == points
    assert len(frame) == len(points) * frame["solver"].nunique()
    assert frame["solver"].nunique() == 7
    assert (frame["forward_ms"] > 0).all()
    without = frame.loc[frame["both_ms"].isna(), "solver"].unique()
    assert set(without) == {"Hungarian", "greedy", "linear program"}


def test_padding_is_counted_and_held_against_batches_without_any(bench):
    rows = pd.read_csv(bench.path / "padding.csv")
    assert rows["sizes"].astype(str).tolist() == ["4", "4", "2, 4", "2, 4"]
    assert rows["method"].tolist() == ["numba", "torch"] * 2
    assert rows["cells"].tolist() == [6 * 16] * 2 + [3 * 4 + 3 * 16] * 2
    assert rows["padded_cells"].tolist() == [0] * 2 + [3 * 12] * 2
    assert (rows["padding"] == rows["padded_cells"] / (rows["cells"] + rows["padded_cells"])).all()
    assert rows["ratio"].tolist() == pytest.approx((rows["padded_ms"] / rows["without_ms"]).tolist())
    table = PADDING.filled([bench])
    assert [row["padding [%]"] for row in table.rows] == pytest.approx((100 * rows["padding"]).tolist())
    assert len(SCALING.filled([bench]).rows) == len(bench.steps)


def test_the_bench_goes_to_large_batches_and_sizes(checkout):
    config = load_config(checkout / "experiments" / "matcher" / "bench.yaml")
    assert (min(config.bench.sizes), max(config.bench.sizes)) == (2, 128)
    assert (min(config.bench.batches), max(config.bench.batches)) == (1, 4096)


def test_the_bench_is_a_finished_run_that_fills_its_table(bench):
    assert bench.experiment == "bench_matcher"
    assert json.loads((bench.path / "result.json").read_text())["metrics"]["repeats"] == 1
    table = LITERAL.filled([bench])
    assert len(table.rows) == 3 * len(SHAPES) + 2
    assert not [cell for row in table.cells() for cell in row if cell == "nan"]


def test_problems_are_drawn_evenly_over_their_sizes(checkout):
    problems = load_problems(
        load_config(checkout / "experiments" / "matcher" / "bench.yaml", ["data.max_images=6"]).data
    )
    sizes = sorted(problem.affinity.size for problem in problems)
    chosen = mghp.studies.speed.matcher._evenly_by_size(problems, 5)
    drawn = [problems.problems[k].affinity.size for k in chosen]
    assert len(set(chosen)) == 5
    assert drawn == sorted(drawn)
    assert (drawn[0], drawn[2], drawn[-1]) == (sizes[0], sizes[(len(sizes) - 1) // 2], sizes[-1])
    assert sorted(mghp.studies.speed.matcher._evenly_by_size(problems, 10**6)) == list(range(len(problems)))
