from pathlib import Path

import pytest

import mghp.studies.speed.memory as bench
from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.memory import MEMORY


def test_a_command_s_own_memory_is_told_and_not_its_parent_s():
    """A process that imports next to nothing, started by this one, which holds torch."""
    peak = bench.peak_of(["--help"])
    if peak != peak:
        pytest.skip("the system does not tell a process's memory")
    assert 0 < peak < 150


def test_a_command_that_fails_says_why():
    with pytest.raises(InputError, match=r"nowhere\.yaml: no such file"):
        bench.peak_of(["match", "nowhere.yaml"])


def test_each_command_is_measured_in_turn_against_the_imports(checkout, tmp_path, monkeypatch):
    asked = []

    def peak_of(arguments):
        asked.append(list(arguments))
        if arguments[:1] == ["train"]:
            runs = next(a.removeprefix("runs=") for a in arguments if a.startswith("runs="))
            file = Path(runs) / "bench_memory" / "key" / "checkpoints" / "last.ckpt"
            file.parent.mkdir(parents=True)
            file.touch()
        return 100.0 + 50 * len(asked)

    monkeypatch.setattr(bench, "peak_of", peak_of)
    file = checkout / "experiments" / "parsing" / "bench_memory.yaml"
    config = load_config(file, [f"runs={tmp_path}", "bench.size=64"])
    table = MEMORY.filled([Run(bench.bench_memory(Call(config, lambda *_: None, ["seed=3"], file)))])
    assert [arguments[:1] for arguments in asked] == [[], ["train"], ["evaluate"], ["predict"]]
    assert "seed=3" in asked[1]
    assert [row["peak [MB]"] for row in table.rows] == [150, 200, 250, 300]
    assert [row["above the imports [MB]"] for row in table.rows] == [0, 50, 100, 150]
    assert table.rows[3]["times the imports"] == 2
