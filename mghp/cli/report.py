"""The commands that turn finished runs into tables, figures, galleries and a page."""

from pathlib import Path
from typing import Annotated

import typer

from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import Progress, progress_bar

RunFolders = Annotated[
    list[Path], typer.Argument(help="Run folders, folders of run folders, or archives of them, e.g. runs")
]
Out = Annotated[Path, typer.Option(help="Folder that is written to")]


def tables(runs: RunFolders, out: Out = Path("results")) -> None:
    """Write the tables that these runs can fill, as Markdown, CSV and LaTeX, and as JSON the runs behind each row."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.report.table import write_tables
    from mghp.studies.output_names import present_tables
    from mghp.studies.report import all_tables, write_answers

    OutFolder(writable_folder(out)).refuse(present_tables(out))
    with OutFolder(out).adding() as fresh:
        files = [*write_tables(all_tables(found), fresh), *write_answers(found, fresh)]
    _echo_written([out / file.name for file in files], "table")


def figures(runs: RunFolders, out: Out = Path("results")) -> None:
    """Draw the figures that these runs can fill, as PNG and SVG."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.studies.output_names import present_figures
    from mghp.studies.report import all_figures

    OutFolder(writable_folder(out)).refuse(present_figures(out))
    with OutFolder(out).adding() as fresh:
        files = all_figures(found, fresh)
    _echo_written([out / file.name for file in files], "figure")


def report_command(runs: RunFolders, out: Out = Path("results")) -> None:
    """Write all that these runs can fill: tables, figures, answers, galleries, and index.html, which shows them."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.studies.output_names import present_report
    from mghp.studies.report import is_evidence, write_report

    OutFolder(writable_folder(out)).refuse(present_report(out))
    with OutFolder(out).adding() as fresh:
        page = write_report(found, ", ".join(map(str, runs)), is_evidence(found), fresh)
    typer.echo(out / page.name)


def gallery_command(
    sources: Annotated[list[str], typer.Argument(metavar="RUN|KEY=VALUE", help="Runs of mghp train, "
        "checkpoints, shipped (the weights that come with mghp), or folders of runs that hold cases; then settings, "
        "e.g. data.synthetic.scene=crossing")],
    compare: Annotated[bool, typer.Option("--compare", help="Compare two runs: show the persons that only one of them "
        "gets right, or gets clearly better")] = False,
    out: Annotated[Path, typer.Option(help="Folder that gallery/ is written to")] = Path("results"),
) -> None:  # fmt: skip
    """Show whom a parser fails on, and why, as pages to look through; the failures are found first if needed."""
    from mghp.gallery.sources import check_sources, split_sources

    writable_folder(out)
    runs, overrides = split_sources(sources)
    check_sources(runs, overrides)
    if compare and len(runs) != 2:
        raise InputError(f"--compare: expected two runs, got {len(runs)}")
    from mghp.studies.output_names import present_galleries

    OutFolder(out).refuse(present_galleries(out))
    folders: list[Path] = []
    with progress_bar() as show:
        for run in runs:
            folders += _with_cases(run, overrides, show)

    from mghp.gallery.write import write_comparison, write_gallery

    if compare and len(folders) != 2:
        raise InputError(f"--compare: expected two runs with cases, found {len(folders)}")
    with OutFolder(out).adding() as fresh:
        pages = write_comparison(folders[0], folders[1], fresh) if compare else write_gallery(folders, fresh)
    for page in pages:
        typer.echo(out / page.relative_to(fresh))


def _with_cases(run: Path, overrides: list[str], show: Progress) -> list[Path]:
    """Return the run folders at or below a path that hold cases; else find the failures of the training there."""
    from mghp.gallery.cases import folders_of_cases

    found = folders_of_cases(run)
    if found:
        return found
    from mghp.studies.failures.run import run_failures

    return [run_failures(run, overrides, show)]


def _echo_written(files: list[Path], what: str) -> None:
    if not files:
        raise InputError(f"these run folders fill no {what}: their experiments are none that the suite reports")
    for file in files:
        typer.echo(file)
