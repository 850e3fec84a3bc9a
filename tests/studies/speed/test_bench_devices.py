import json

import numpy as np
import pandas as pd
import pytest
import torch
from typer.testing import CliRunner

import mghp.cli.main
from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.matching import PGDDykstra, Projection
from mghp.runs.read import Run
from mghp.studies.speed import devices, exactness, measure
from mghp.studies.speed.bench import Call
from mghp.studies.speed.devices import DEVICE, EXACTNESS, Way, bench_device, checked_device
from mghp.studies.speed.study import STUDY

WAYS = [
    "PGD-Dykstra, eager", "PGD-Dykstra, compiled steps", "PGD-Dykstra, Triton", "one projection, eager",
    "one projection, Triton", "unbalanced Sinkhorn",
]  # fmt: skip
SMALL = ("bench.checked=6", "bench.sizes=[2,3]", "bench.batches=[1]", "bench.repeats=1")
NOT_HERE = "takes no tensors of this test"


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def settings(checkout):
    return lambda *more: load_config(checkout / "experiments" / "matcher" / "bench_device.yaml", [*SMALL, *more])


@pytest.fixture(scope="module")
def bench(settings, tmp_path_factory):
    """A bench on the CPU at tiny sizes, without Triton and a compiler."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(devices, "missing_compiler", lambda: "no C++ compiler")
        patch.setattr(devices, "why_not_triton", lambda affinity: NOT_HERE)
        config = settings(f"runs={tmp_path_factory.mktemp('bench')}")
        return Run(bench_device(Call(config, lambda *_: None, device="cpu")))


def test_every_way_is_timed_at_every_size_and_batch_or_says_why_not(bench):
    rows = pd.read_csv(bench.path / "ratios.csv")
    points = [("size", 64, 2), ("size", 64, 3), ("batch", 1, 16)]
    expected = [(*point, way) for point in points for way in WAYS]
    assert list(rows[["varied", "batch", "size", "method"]].itertuples(index=False, name=None)) == expected
    left_out = rows[rows["note"].notna()].groupby("method")["note"].unique().map(list).to_dict()
    assert left_out == {
        "PGD-Dykstra, compiled steps": ["no C++ compiler"], "PGD-Dykstra, Triton": [NOT_HERE],
        "one projection, Triton": [NOT_HERE],
    }  # fmt: skip
    is_timed = ~rows["method"].isin(left_out)
    assert (rows[is_timed][["forward_ms", "both_ms"]] > 0).all(axis=None)
    assert rows[~is_timed][["forward_ms", "both_ms", "both_ratio", "difference"]].isna().all(axis=None)


def test_ratios_are_to_eager_and_values_are_the_algorithm_s(bench):
    rows = pd.read_csv(bench.path / "ratios.csv")
    for _, part in rows.groupby(["varied", "batch", "size"]):
        for kind in ("forward", "both"):
            ratios = part[f"{kind}_ms"].iloc[0] / part[f"{kind}_ms"]
            np.testing.assert_allclose(part[f"{kind}_ratio"], ratios)
    differences = rows.groupby("method")["difference"].max()
    assert differences[["PGD-Dykstra, eager", "one projection, eager"]].max() <= 1e-6
    assert np.isnan(differences["unbalanced Sinkhorn"])


def test_each_backend_is_held_against_the_literal_algorithm_or_says_why_not(bench):
    rows = pd.read_csv(bench.path / "exactness.csv")
    in_torch, triton = (part for _, part in rows.groupby("method"))
    assert in_torch["problems"].iloc[0] == 6
    assert (in_torch[["value", "gradient"]] <= 1e-12).all(axis=None)
    assert triton[["options", "problems", "note"]].values.tolist() == [["all", 0, NOT_HERE]]


def test_the_run_fills_its_two_tables_and_none_of_the_other_benches(bench):
    assert bench.experiment == "bench_device"
    assert json.loads((bench.path / "result.json").read_text())["metrics"]["repeats"] == 1
    tables = [table for question in STUDY.questions for table in question.tables]
    filled = {table.name: len(table.filled([bench]).rows) for table in tables}
    assert [name for name, rows in filled.items() if rows] == [EXACTNESS.name, DEVICE.name]
    assert filled[DEVICE.name] == 3 * len(WAYS)
    assert not [cell for row in DEVICE.filled([bench]).cells() for cell in row if cell == "nan"]


def test_the_bench_goes_from_2_to_128_candidates_and_to_4096_problems(checkout):
    config = load_config(checkout / "experiments" / "matcher" / "bench_device.yaml")
    assert (min(config.bench.sizes), max(config.bench.sizes)) == (2, 128)
    assert (min(config.bench.batches), max(config.bench.batches)) == (1, 4096)


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("cuda", "--device: cuda is not here, torch finds 0 GPUs"),
        ("cuda:3", "--device: cuda:3 is not here, torch finds 0 GPUs"),
        ("meta", "--device: expected cuda or cpu, got meta"),
        ("the GPU", "--device: expected cuda or cpu, got the GPU"),
    ],
)
def test_a_device_that_is_not_here_is_one_line_and_no_run(name, line, monkeypatch, tmp_path, settings):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 0)
    config = settings(f"runs={tmp_path / 'runs'}")
    with pytest.raises(InputError) as error:
        bench_device(Call(config, lambda *_: None, device=name))
    assert str(error.value) == line
    assert not (tmp_path / "runs").exists()


def test_a_gpu_that_is_here_is_taken(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert checked_device("cuda:1") == torch.device("cuda", 1)
    assert checked_device("cuda") == torch.device("cuda")


def test_the_command_writes_the_tables_that_the_run_fills(monkeypatch, tmp_path):
    monkeypatch.setattr(devices, "every_way", lambda: [Way(WAYS[0], PGDDykstra(2, 2, backend="torch"), None)])
    monkeypatch.setattr(devices, "why_not_triton", lambda affinity: NOT_HERE)
    out = tmp_path / "out"
    arguments = ["bench", "matcher", *SMALL, f"runs={tmp_path / 'runs'}", "--device", "cpu", "--out", str(out)]
    result = CliRunner().invoke(mghp.cli.main.app, arguments)
    assert result.exit_code == 0, result.output
    assert sorted(file.name for file in out.glob("*.md")) == ["bench_device.md", "bench_exactness.md"]
    assert WAYS[0] in result.output


def test_a_way_that_fails_or_comes_too_late_is_a_reason_in_its_row():
    def solve(affinity):
        raise RuntimeError("out of memory\nTried to allocate")

    row, note = devices._measured(Way("fails", solve), torch.rand(2, 3, 3), 1, float("inf"))
    assert note == "RuntimeError: out of memory"
    assert np.isnan(list(row.values())).all()
    assert devices._measured(Way("late", solve), torch.rand(2, 3, 3), 1, 0)[1] == "the time was up"


def test_a_backend_that_fails_is_a_reason_in_its_row(monkeypatch, settings):
    def fail(*_):
        raise ValueError("no such kernel")

    monkeypatch.setattr(devices, "exactness", fail)
    (row,) = devices._checks(Call(settings(), lambda *_: None), "torch", torch.device("cpu"))
    assert row == {"method": "torch", "options": "all", "problems": 0, "note": "ValueError: no such kernel"}


def test_an_interpreted_kernel_is_not_timed(monkeypatch):
    monkeypatch.setattr(devices, "why_not_triton", lambda affinity: "")
    assert "interpreted" in devices._why_untimed(torch.zeros(1, 1, 1))
    assert devices._why_untimed(torch.zeros(1, 1, 1, device="meta")) == ""


def test_compiled_steps_are_the_algorithm(monkeypatch):
    compiled = []
    monkeypatch.setattr(torch, "compile", lambda step, dynamic: compiled.append(dynamic) or step)
    affinity = torch.rand(2, 4, 5, dtype=torch.float64)
    matcher = PGDDykstra(**devices.PAPER, step_size=0.1)
    torch.testing.assert_close(devices._compiled_steps(matcher.config)(affinity), matcher(affinity), rtol=0, atol=1e-12)
    assert compiled == [True]


def test_one_projection_is_the_algorithm_s_first_step():
    affinity = torch.randn(3, 3, dtype=torch.float64)
    once = PGDDykstra(**devices.ONCE)(affinity)
    torch.testing.assert_close(once, Projection()(affinity), rtol=0, atol=1e-12)


def test_a_time_holds_what_is_left_to_a_gpu(monkeypatch):
    order = []
    monkeypatch.setattr(torch.cuda, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.cuda, "synchronize", lambda: order.append("wait"))
    measure.seconds_of(lambda: order.append("work"))
    assert order == ["wait", "work", "wait"]


@pytest.mark.parametrize("backend", ["numba", "torch"])
def test_random_problems_equal_the_literal_algorithm_in_every_option(backend):
    told = []
    rows = list(exactness.exactness(backend, torch.device("cpu"), 80, told.append))
    assert [row["options"] for row in rows] == list(exactness.GROUPS)
    assert rows[0]["problems"] == 80
    assert all(row["value"] <= 1e-12 and row["gradient"] <= 1e-12 for row in rows)
    assert told == list(range(2, 82, 2))


@pytest.mark.parametrize("wrong", [{"warm_start": True}, {"gradient_steps": 1}, {"projection": "halfspace"}])
def test_a_wrong_option_is_told(monkeypatch, wrong):
    monkeypatch.setattr(exactness, "PGDDykstra", lambda **options: PGDDykstra(**{**options, **wrong}))
    whole, *_ = exactness.exactness("torch", torch.device("cpu"), 40, lambda done: None)
    assert whole["gradient"] > 1e-3
    assert (whole["value"] > 1e-3) == ("gradient_steps" not in wrong)
