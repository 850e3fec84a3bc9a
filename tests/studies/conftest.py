"""That this file is here lets the tests in the folders below import planted_trainings."""

import shutil

import pytest

from mghp.studies import variants


@pytest.fixture
def add_variant(checkout, tmp_path, monkeypatch):
    """Adds a line to a copy of an experiment file, which the studies then read; returns the file."""
    monkeypatch.setattr("mghp.config.packaged._PACKAGE", tmp_path)
    variants.labels_of.cache_clear()
    shutil.copytree(checkout / "experiments", tmp_path / "experiments")

    def add(experiment, line):
        file = tmp_path / "experiments" / experiment
        file.write_text(file.read_text() + line)
        return file

    yield add
    variants.labels_of.cache_clear()
