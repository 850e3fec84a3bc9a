"""Every notebook runs from first cell to last: on the committed runs, on a smoke profile's, and on a part of them."""

from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
import pytest
from jupyter_client import AsyncKernelManager
from jupyter_core.utils import run_sync
from nbclient import NotebookClient

ANALYSIS = Path(__file__).parents[2] / "analysis"
NOTEBOOKS = sorted(ANALYSIS.glob("*.ipynb"))
OF_RUNS = [path for path in NOTEBOOKS if "MGHP_RUNS" in path.read_text()]

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def executed(path, kernel=None, before=""):
    """The notebook's code cells with new outputs, run where it lies, in a kernel of its own or a given one."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    NotebookClient(
        notebook, km=kernel, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ANALYSIS)}}
    ).execute()
    return code_cells(notebook)[1:]


@pytest.fixture(scope="module")
def kernel_on_smoke_results(smoke_results):
    """Runs notebooks one after the other, each in an empty namespace: what they import is loaded once."""
    kernel = AsyncKernelManager(kernel_name="python3")
    yield lambda path: executed(
        path, kernel, f"%reset -f\nimport os\nos.environ['MGHP_RUNS'] = {str(smoke_results / 'runs')!r}\ndel os"
    )
    run_sync(kernel.shutdown_kernel)(now=True)


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def said(cell):
    """What a cell prints and shows, figures by their kind alone: their pixels are Matplotlib's."""
    return [
        output.text if output.output_type == "stream" else output.data.get("text/markdown", sorted(output.data))
        for output in cell.outputs
        if output.get("name") != "stderr"
    ]


@pytest.mark.parametrize("path", OF_RUNS, ids=lambda path: path.stem)
def test_notebook_runs_on_smoke_results(path, kernel_on_smoke_results):
    shown = [output for cell in kernel_on_smoke_results(path) for output in cell.outputs if "data" in output]
    assert len(shown) >= 6
    assert not [output for output in shown if output["data"].get("text/markdown") == ""]


@each_notebook
def test_a_notebook_is_shipped_with_what_it_says_of_the_committed_runs(path):
    """With no setting, as in a fresh clone; outputs of other runs, or of other code, are told."""
    shipped = code_cells(nbformat.read(path, as_version=4))
    assert all(cell.outputs for cell in shipped)
    assert [said(cell) for cell in executed(path)] == [said(cell) for cell in shipped]


@pytest.mark.parametrize("part", ["steps", "readings", "bench_matcher", "components"])
@pytest.mark.parametrize("path", OF_RUNS, ids=lambda path: path.stem)
def test_a_notebook_runs_on_a_part_of_the_runs(path, part, smoke_results, monkeypatch):
    """After one sweep alone, say; what no run is for is left out. What is computed before is the same on all runs."""
    monkeypatch.setenv("MGHP_RUNS", str(smoke_results / "runs" / part))
    cells = [cell.source for cell in code_cells(nbformat.read(path, as_version=4))]
    first = next(position for position, source in enumerate(cells) if "MGHP_RUNS" in source)
    exec("\n".join(cells[first:]), {})
    plt.close("all")


@each_notebook
def test_a_notebook_says_after_each_cell_what_is_seen_and_is_small(path):
    cells = nbformat.read(path, as_version=4).cells
    assert cells[0].cell_type == "markdown"
    for cell, following in zip(cells, [*cells[1:], None], strict=True):
        assert cell.cell_type == "markdown" or (following is not None and following.cell_type == "markdown")
    assert path.stat().st_size < 400_000
