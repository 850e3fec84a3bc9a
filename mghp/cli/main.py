"""All commands, in the order in which `mghp --help` lists them.

The commands import what is slow (torch, wandb, matplotlib) in their functions, after the input has been checked.
"""

import errno
import os
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.bench import bench_app
from mghp.cli.config import config_command
from mghp.cli.data import data_app
from mghp.cli.group import group_command
from mghp.cli.report import figures, gallery_command, report_command, tables
from mghp.cli.run import evaluate, export_command, match, predict_command, train
from mghp.cli.runs import runs_app
from mghp.cli.sweep import reproduce, sweep_command
from mghp.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Instance-aware human parsing with a differentiable matcher: experiments, tables and figures.",
)

app.command()(match)
app.command()(train)
app.command()(evaluate)
app.command("predict")(predict_command)
app.command("group")(group_command)
app.command("export")(export_command)
app.command()(reproduce)
app.command("sweep")(sweep_command)
app.command()(tables)
app.command()(figures)
app.command("report")(report_command)
app.command("gallery")(gallery_command)
app.command("config")(config_command)
app.add_typer(data_app, name="data")
app.add_typer(bench_app, name="bench")
app.add_typer(runs_app, name="runs")

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO)
"""Errors of a disk that takes no file, which no traceback would explain."""

_MAKE_RUNS = ("match", "train", "evaluate", "gallery", "bench")
"""Commands whose run is written to MGHP_RUN_DIR, where that is set."""


def _tell_version(asked: bool) -> None:
    if asked:
        typer.echo(f"mghp {version('mghp')}")
        raise typer.Exit


@app.callback()
def _commands(
    context: typer.Context,
    told: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="Print the version and exit")
    ] = False,
) -> None:
    """Refuse an MGHP_RUN_DIR that holds other files, before a command makes a run."""
    if context.invoked_subcommand in _MAKE_RUNS and os.environ.get("MGHP_RUN_DIR"):
        from mghp.runs.folder import refuse_foreign_folder

        refuse_foreign_folder(Path(os.environ["MGHP_RUN_DIR"]))


def main() -> None:
    """Run the command line; print a user's mistake as one line, with exit code 2."""
    try:
        app()
    except InputError as error:
        line = "".join(letter if letter.isprintable() else "?" for letter in " ".join(str(error).split()))
        typer.echo(f"mghp: {line}", err=True)  # names may hold what commands a terminal
        sys.exit(2)
    except OSError as error:
        if error.errno not in _DISK:
            raise
        typer.echo(f"mghp: {error.filename or 'a file'}: {error.strerror}", err=True)
        sys.exit(2)
