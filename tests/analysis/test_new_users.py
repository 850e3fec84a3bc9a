"""The scripts that time a new user's first steps, with programs that do nothing in the place of pip and mghp."""

import os
import stat
import subprocess
import sys

import pytest

STEPS = {
    "photographs": ["pip install", "mghp predict, the first time", "mghp predict, again"],
    "matcher": [
        "pip install, what the matcher needs", "pip install, the matcher alone", "README's example, the first time",
        "README's example, again",
    ],
    "sweep": ["pip install", "mghp sweep, six trials"],
}  # fmt: skip

PROGRAM = """#!/usr/bin/env bash
echo "$(basename "$0") $*" >>"$CALLS"
[ "$(basename "$0") $1" != "$FAILING" ] || { echo "no space left"; exit 3; }
[ "$1" != sweep ] || { mkdir -p runs/sweeps/one; touch runs/sweeps/one/effects.png; }
"""

PYTHON = """#!/usr/bin/env bash
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin" && cp "$PROGRAMS"/* "$3/bin"
else
    exec {python} "$@"
fi
"""


@pytest.fixture
def run(checkout, tmp_path):
    programs, path = tmp_path / "programs", tmp_path / "path"
    for folder, names, text in ((programs, ("pip", "mghp", "python"), PROGRAM), (path, ("python3",), PYTHON)):
        folder.mkdir()
        for name in names:
            (folder / name).write_text(text.replace("{python}", sys.executable))
            (folder / name).chmod(stat.S_IRWXU)

    def run_script(name, failing=""):
        script = checkout / "analysis" / "new_users" / f"{name}.sh"
        known = {
            "PROGRAMS": str(programs),
            "CALLS": str(tmp_path / "calls"),
            "FAILING": failing,
            "TMPDIR": str(tmp_path),
            "PATH": f"{path}:{os.environ['PATH']}",
        }
        return subprocess.run(
            [script, checkout, tmp_path], env=os.environ | known,
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    return run_script


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_a_row_with_its_seconds(name, run):
    done = run(name)
    assert done.returncode == 0, done.stderr
    rows = [line.split("|")[1:3] for line in done.stdout.splitlines()[2:]]
    assert [words.strip() for words, _ in rows] == ["a fresh environment", *STEPS[name]]
    assert all(float(seconds) >= 0 for _, seconds in rows)


def test_a_step_that_fails_ends_the_script_and_says_why(run):
    done = run("photographs", failing="mghp predict")
    assert done.returncode == 1
    assert "no space left" in done.stderr
    assert "failed: mghp predict" in done.stderr
    assert [line.split("|")[1].strip() for line in done.stdout.splitlines()[2:]] == [
        "a fresh environment",
        "pip install",
    ]


def test_the_readme_s_example_and_the_tutorial_s_sweep_are_what_is_run(run, tmp_path):
    assert run("matcher").returncode == run("sweep").returncode == 0
    (example,), (sweep,) = tmp_path.glob("*/example.py"), tmp_path.glob("*/first_sweep.yaml")
    assert "fenchel_young" in example.read_text()
    assert "method: grid" in sweep.read_text()
