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

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def executed(path, kernel=None, before=""):
    """The notebook's code cells with new outputs, run where it lies, in a kernel of its own or a given one."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    NotebookClient(
        notebook, km=kernel, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(ANALYSIS)}}
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


@each_notebook
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


@pytest.mark.parametrize(
    "part", ["steps", "solvers", "readings", "sizes", "bench_matcher", "learned", "components", "rotation"]
)
def test_notebooks_run_on_a_part_of_the_runs(part, smoke_results, monkeypatch):
    """After one sweep alone, say; what no run is for is left out."""
    monkeypatch.setenv("MGHP_RUNS", str(smoke_results / "runs" / part))
    for path in NOTEBOOKS:
        cells = code_cells(nbformat.read(path, as_version=4))
        exec("\n".join(cell.source for cell in cells), {})
    plt.close("all")


@pytest.mark.parametrize("learned_in", ["binary_cross_entropy", "line_integral"])
def test_the_notebook_of_learned_matching_runs_on_one_way_of_training(learned_in, smoke_results, tmp_path, monkeypatch):
    (run,) = (smoke_results / "runs" / "learned").glob(f"{learned_in}-*")
    (tmp_path / run.name).symlink_to(run)
    monkeypatch.setenv("MGHP_RUNS", str(tmp_path / run.name))
    cells = code_cells(nbformat.read(ANALYSIS / "learned_matching.ipynb", as_version=4))
    exec("\n".join(cell.source for cell in cells), {})
