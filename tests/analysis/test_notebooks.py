"""Every notebook runs from first cell to last on the run folders of a smoke profile."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

ANALYSIS = Path(__file__).parents[2] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook_runs_on_smoke_results(path, smoke_results, monkeypatch):
    monkeypatch.setenv("MGHP_RUNS", str(smoke_results / "runs"))
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(notebook, timeout=240, kernel_name="python3").execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", []) if "data" in output]
    assert len(shown) >= 6
    assert not [output for output in shown if output["data"].get("text/markdown") == ""]


def test_notebooks_are_shipped_with_their_outputs():
    for path in NOTEBOOKS:
        code = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
        assert all(cell.outputs for cell in code[1:]), f"{path.name} has a cell without output"
