"""The real `wandb sweep` and `wandb agent`, end to end, against a stand-in of the server on loopback."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def end_to_end(checkout, tmp_path_factory):
    """Two trials of each, at the same time: (exit status, output, launched commands, the server's report) by name."""
    script = checkout.parent / "shared" / "tools" / "wandb_sweep_e2e.sh"
    if not script.is_file():
        pytest.skip(f"what drives W&B's client is not here: {script}")
    folder = tmp_path_factory.mktemp("agent")
    files = {"matcher": checkout / "sweeps" / "matcher.yaml", "parsing": _cut_of_parsing(checkout, folder)}
    # Run folders go below the current folder: a copy of the files that trials read stands for the checkout.
    project = folder / "project"
    project.mkdir()
    (project / "experiments").symlink_to(checkout / "experiments")
    processes = {}
    for name, file in files.items():
        environment = {key: value for key, value in os.environ.items() if key != "WANDB_MODE"} | {
            "PYTHON": sys.executable, "E2E_OUT": str(folder / name), "OMP_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
        }  # fmt: skip
        processes[name] = subprocess.Popen(
            ["bash", str(script), str(project), str(file), "2"],
            env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
    ended = {}
    for name, process in processes.items():
        output, _ = process.communicate()
        launched = [json.loads(line) for line in (folder / name / "launched.jsonl").read_text().splitlines()]
        report = json.loads((folder / name / "report.json").read_text())
        ended[name] = (process.returncode, output, launched, report)
    return ended


def _cut_of_parsing(checkout: Path, folder: Path) -> Path:
    """sweeps/parsing.yaml, its trainings shrunk to two steps and its parameters to two trials."""
    sweep = yaml.safe_load((checkout / "sweeps" / "parsing.yaml").read_text())
    sweep["parameters"]["seed"] = {"values": [0]}
    sweep["parameters"]["variant"]["values"] = ["full", "matching_sinkhorn"]
    tiny = {
        "data.synthetic.size": 64, "data.synthetic.num_train": 16, "data.synthetic.num_validation": 3,
        "data.loader.workers": 0, "data.loader.batch_size": 4, "data.root": str(folder / "datasets"),
        "network.width": 16, "network.backbone.kwargs.channels": [8, 12, 16, 24],
        "network.backbone.kwargs.blocks": [0, 1, 0, 1], "trainer.max_steps": 2, "evaluation.scene_pictures": 2,
    }  # fmt: skip
    sweep["parameters"] |= {name: {"value": value} for name, value in tiny.items()}
    file = folder / "parsing.yaml"
    file.write_text(yaml.safe_dump(sweep))
    return file


@pytest.mark.parametrize("name", ["matcher", "parsing"])
def test_every_trial_ends_well_and_its_metric_arrives(end_to_end, checkout, name):
    status, output, launched, report = end_to_end[name]
    assert status == 0, output
    assert [trial["rc"] for trial in launched] == [0, 0]
    metric = yaml.safe_load((checkout / "sweeps" / f"{name}.yaml").read_text())["metric"]["name"]
    assert len(report["runs"]) == 2
    for run in report["runs"]:
        summary = json.dumps(run["summary"])
        assert f'"{metric}"' in summary
        assert run["exitcode"] == 0
    assert "image-file" in summary  # pictures and tables, as W&B's own types
    assert "table-file" in summary
    if name == "parsing":
        assert len({trial["argv"][-1] for trial in launched}) == 2


@pytest.mark.parametrize("name", ["matcher", "parsing"])
def test_trials_were_launched_as_the_offline_runner_launches_them(end_to_end, checkout, tmp_path, name):
    from mghp.sweep.arguments import argument_list
    from mghp.sweep.parameters import grid, trial_values
    from mghp.sweep.sweep_file import read_sweep

    _, _, launched, report = end_to_end[name]
    file = tmp_path / "sweep.yaml"
    file.write_text(yaml.safe_dump(report["sweeps"][0]["config"]))
    sweep = read_sweep(file)
    own = [argument_list(sweep, trial_values(sweep.parameters, point), file) for point in grid(sweep.parameters)]
    assert [trial["argv"] for trial in launched] == [words[1:] for words in own[: len(launched)]]
