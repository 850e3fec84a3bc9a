import contextlib
import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from mghp.cli.main import main

STUB = Path(__file__).with_name("stub_trial.py")


@pytest.fixture
def sweep_yaml(tmp_path):
    """Writes a sweep file whose trials are stubs, unless it says otherwise."""

    def write(name="stub.yaml", without=(), **content):
        whole = {
            "method": "grid",
            "metric": {"name": "loss", "goal": "minimize"},
            "parameters": {"x": {"values": [0, 1]}},
            "command": ["${env}", sys.executable, str(STUB), "${args}"],
        } | content
        file = tmp_path / name
        file.write_text(yaml.safe_dump({key: value for key, value in whole.items() if key not in without}))
        return file

    return write


@pytest.fixture
def sweep(tmp_path, monkeypatch):
    """Runs `mghp sweep` in a folder of its own, in this process."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STUB_JOURNAL", str(tmp_path / "journal.txt"))

    def run(file, *options):
        monkeypatch.setattr(sys, "argv", ["mghp", "sweep", *map(str, (file, *options))])
        with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
            try:
                main()
                status = 0
            except SystemExit as end:
                status = end.code or 0
        return SimpleNamespace(returncode=status, stdout=out.getvalue(), stderr=err.getvalue())

    return run


@pytest.fixture
def journal(tmp_path):
    """What the stubs did: (what, trial) by line."""

    def read():
        file = tmp_path / "journal.txt"
        return [tuple(line.split()[:2]) for line in file.read_text().splitlines()] if file.exists() else []

    return read
