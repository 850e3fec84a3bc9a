"""The commands of `mghp runs`, which pack run folders into archives and unpack them."""

from pathlib import Path
from typing import Annotated

import typer

from mghp.errors import writable_folder

runs_app = typer.Typer(
    no_args_is_help=True, help="Pack run folders into archives, one per experiment, and unpack them."
)


@runs_app.command("pack")
def pack_command(
    runs: Annotated[list[Path], typer.Argument(help="Run folders, folders of run folders, or archives, e.g. runs")],
    out: Annotated[
        Path, typer.Option(help="Folder that the archives are written to, e.g. analysis/results/runs")
    ] = Path("archives"),
) -> None:
    """Add finished runs to <experiment>.zip: their settings, results and cases of failures.

    Weights and sheets of pictures are left out. Every command that reads run folders also reads archives of them.

    Example: mghp runs pack runs --out archives && mghp report archives
    """
    from mghp.runs.archive import pack

    for file in pack(runs, writable_folder(out)):
        typer.echo(file)


@runs_app.command("unpack")
def unpack_command(
    archives: Annotated[list[Path], typer.Argument(help="Archives, or folders of archives, e.g. archives/learned.zip")],
    out: Annotated[Path, typer.Option(help="Folder that the run folders are written to")] = Path("runs"),
) -> None:
    """Write the run folders that archives hold; a finished run that is there already is left as it is.

    Example: mghp runs unpack archives/learned.zip --out runs
    """
    from mghp.runs.archive import unpack

    for folder in unpack(archives, writable_folder(out)):
        typer.echo(folder)
