import pandas as pd
import torch

import mghp.studies.speed.projection as bench
from mghp.config.schema import Config
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call


def test_newton_is_exact_beside_cycles_and_an_active_set_solver(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "SIZES", (3, 12))
    monkeypatch.setattr(bench, "TAUS", (0.5, 20.0))
    monkeypatch.setattr(bench, "ENTRIES", 1000)
    monkeypatch.setattr(bench, "REPEATS", 1)
    monkeypatch.setattr(bench, "SECONDS", 0.0)
    monkeypatch.setattr(bench, "PROBLEMS", 60)
    run = bench.bench_projection(Call(Config(experiment="bench_projection", runs=str(tmp_path)), lambda *_: None))
    rows = pd.read_csv(run / "ratios.csv")
    assert list(rows["size"]) == [3] * 4 + [12] * 4
    assert (rows[["cycles_us", "newton_us", "ratio", "both_ratio", "equal_ratio"]] > 0).all(None)
    by_tau = rows.groupby(["size", "tau"])["accurate_cycles"].max()
    assert by_tau[3, 0.5] == 250 < by_tau[12, 20.0]  # the largest error after 250 cycles is over 1e-3, see below
    assert rows["newton_error"].max() < 1e-6  # float32 among them
    assert rows["cycles_error"].max() > 1e-3
    (exact,) = pd.read_csv(run / "exact.csv").to_dict("records")
    assert exact["error"] <= 1e-10 < exact["cycles_error"]
    assert exact["off_kinks"] > 30
    assert exact["gradient_error"] <= 1e-8
    assert [len(table.filled([Run(run)]).rows) for table in bench.BENCH.tables] == [8, 1]


def test_the_distance_to_a_kink_by_hand():
    row, columns = torch.ones(1, dtype=torch.bool), torch.ones(2, dtype=torch.bool)
    for x, distance in (([0.4, 0.3], 0.3), ([-0.1, -2.0], 0.1), ([0.9, 0.8], 0.35)):
        point = torch.tensor([x], dtype=torch.float64)
        assert abs(bench.kink_distance(point, row, columns) - distance) < 1e-12
