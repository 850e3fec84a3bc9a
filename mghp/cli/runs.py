"""The commands of `mghp runs`: archives of run folders. Slow imports happen inside them."""

from pathlib import Path
from typing import Annotated

import typer

from mghp.errors import writable_folder

runs_app = typer.Typer(no_args_is_help=True, help="Pack run folders into archives, one an experiment, and unpack them.")


@runs_app.command("pack")
def pack_command(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, or folders or archives of them, e.g. runs")],
    out: Annotated[Path, typer.Option(help="Folder of archives, e.g. analysis/results/runs")] = Path("archives"),
) -> None:
    """Put finished runs into <experiment>.zip, beside those in it: settings, results and cases of failures.

    Weights and sheets of pictures stay behind. Every command that reads run folders reads archives of them too.

    Example: mghp runs pack runs --out archives && mghp report archives
    """
    from mghp.runs.archive import pack

    for file in pack(runs, writable_folder(out)):
        typer.echo(file)


@runs_app.command("unpack")
def unpack_command(
    archives: Annotated[list[Path], typer.Argument(help="Archives, or folders of them, e.g. archives/learned.zip")],
    out: Annotated[Path, typer.Option(help="Folder of run folders")] = Path("runs"),
) -> None:
    """Write the run folders that are in archives; a finished run of the same settings there is left as it is.

    Example: mghp runs unpack archives/learned.zip --out runs
    """
    from mghp.runs.archive import unpack

    for folder in unpack(archives, writable_folder(out)):
        typer.echo(folder)
