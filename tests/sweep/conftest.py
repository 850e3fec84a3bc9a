import sys
from pathlib import Path

import pytest
import yaml

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
def sweep(mghp, tmp_path):
    """Runs `mghp sweep` in a folder of its own."""

    def run(file, *options, **environment):
        return mghp("sweep", file, *options, folder=tmp_path, STUB_JOURNAL=str(tmp_path / "journal.txt"), **environment)

    return run


@pytest.fixture
def journal(tmp_path):
    """What the stubs did: (what, trial) by line."""

    def read():
        file = tmp_path / "journal.txt"
        return [tuple(line.split()[:2]) for line in file.read_text().splitlines()] if file.exists() else []

    return read
