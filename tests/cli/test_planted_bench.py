"""The bench of CONTRIBUTING.md, added to a copy of the package and installed by another one, is a command."""

import shutil

import pytest

from mghp.studies.benches import BENCHES


def in_the_package(module, folder, install, checkout):
    """Add it to a copy of mghp by a file and a line."""
    shutil.copytree(checkout / "mghp", folder / "mghp", ignore=shutil.ignore_patterns("__pycache__"))
    file = folder / "mghp" / "studies" / "speed" / "sorting.py"
    file.write_text(module.partition("\nBENCHES.add(")[0])
    registry = folder / "mghp" / "studies" / "benches.py"
    registry.write_text(registry.read_text() + '_add("sorting", "Time to sort 1,000 numbers.")\n')


def as_a_package(module, folder, install, checkout):
    """Install it beside mghp, of which no file is touched."""
    (folder / "mghp").symlink_to(checkout / "mghp")
    install(BENCHES, "sorting", "sorting", module)


@pytest.mark.parametrize("plant_it", [in_the_package, as_a_package])
def test_a_planted_bench_is_a_command_that_writes_its_table(plant_it, snippet_of, install, mghp, checkout, tmp_path):
    plant_it(snippet_of("Adding a bench"), tmp_path, install, checkout)
    listed = mghp("bench", "--help", folder=tmp_path, PYTHONPATH=tmp_path)
    assert listed.returncode == 0, listed.stderr
    assert "sorting" in listed.stdout
    assert "Time to sort 1,000 numbers." in listed.stdout
    process = mghp("bench", "sorting", "--out", "out", folder=tmp_path, PYTHONPATH=tmp_path)
    assert process.returncode == 0, process.stderr
    table = (tmp_path / "out" / "bench_sorting.md").read_text()
    assert "| numbers | ms |" in table
    assert "| 1000 | " in table
    assert table in process.stdout
