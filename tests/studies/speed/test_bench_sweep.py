import pandas as pd

import mghp.studies.speed.sweep as bench
from mghp.config.schema import Config
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.sweep import SWEEP


def test_the_supervisor_is_measured_on_real_sweeps(tmp_path, monkeypatch):
    monkeypatch.setattr(bench, "NUM_TRIALS", 20)
    monkeypatch.setattr(bench, "REPEATS", 1)
    run = bench.bench_sweep(Call(Config(experiment="bench_sweep", runs=str(tmp_path)), lambda *_: None))
    rows = pd.read_csv(run / "ratios.csv").set_index("sweep")
    assert dict(rows["trials"]) == {"stub": 20, "matcher": 1}
    assert (rows[["start_seconds", "start_cpu_seconds", "cpu_ms_a_trial"]] > 0).all(None)
    table = SWEEP.filled([Run(run)])
    assert [row["trials"] for row in table.rows] == [20, 1]
    assert table.rows[1]["CPU per trial [ms]"] is None
