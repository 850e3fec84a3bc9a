"""A command's last lines: the numbers that matter on stderr, the path alone on stdout."""

import json

import pytest

from mghp.cli.outcome import chief_numbers, tell_run


@pytest.mark.parametrize(("metrics", "lines"), [
    (
        {"val/mean_iou": 0.5, "val/grouping": 0.25, "val/keypoint_ap_50": float("nan"), "time/step_ms": 3.0},
        ["  grouping           25.0 %", "  part mIoU          50.0 %", "  a training step    3.0 ms"],
    ),
    ({"matching/violation_worst": 2e-6, "other": 1.0}, ["  worst violation   2.0e-06"]),
    ({}, []),
])  # fmt: skip
def test_what_a_run_has_is_told_the_most_important_first(metrics, lines):
    assert chief_numbers(metrics) == lines


def test_five_numbers_are_enough():
    names = ("owner_grouping", "grouping", "ap_p_vol", "keypoint_ap_50", "mask_ap_50", "mean_iou")
    assert len(chief_numbers({f"val/{name}": 0.1 for name in names})) == 5


def test_the_path_alone_goes_to_stdout(tmp_path, capsys):
    (tmp_path / "result.json").write_text(json.dumps({"metrics": {"test/f1": 0.9}}))
    tell_run(tmp_path)
    told = capsys.readouterr()
    assert told.out == f"{tmp_path}\n"
    assert told.err == "  F1 of pairs    90.0 %\n"


def test_a_command_tells_them(mghp, tmp_path, checkout):
    process = mghp(
        "match", checkout / "experiments" / "matcher" / "solvers.yaml", "variant=greedy", "data.name=random",
        "data.random.num_problems=3", f"runs={tmp_path}", "wandb.mode=disabled", folder=tmp_path,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    (run,) = process.stdout.split()
    metrics = json.loads((tmp_path / run / "result.json").read_text())["metrics"]
    assert chief_numbers(metrics) == [line for line in process.stderr.splitlines() if line.startswith("  ")]
