"""The commands of `mghp bench`, one per entry of the registry. Slow imports come after the input has been checked."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.overrides import Overrides
from mghp.errors import writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import progress_bar
from mghp.studies.benches import BENCHES, BenchEntry

bench_app = typer.Typer(
    no_args_is_help=True, help="Measure speed and memory against peers in the same run, and write a table."
)

Out = Annotated[Path, typer.Option(help="Folder that the tables are written to")]


Device = Annotated[
    str, typer.Option(help="Check and time the matcher's backends there instead, in under five minutes: cuda or cpu")
]


def _run(entry: BenchEntry, arguments: list[str], out: Path, device: str = "", given: Path | None = None) -> None:
    """Measure, then write and print the tables that the run fills."""
    from mghp.config.load import load_config
    from mghp.config.packaged import packaged
    from mghp.config.schema import Config

    _check_place(out)
    file = given or packaged(f"experiments/{entry.experiment}")
    has_file = given is not None or entry.experiment
    config = load_config(file, arguments) if has_file else Config(experiment=f"bench_{entry.name}")
    if entry.has_pictures:
        from mghp.datasets.pictures import check_pictures

        check_pictures(config.data)
    with progress_bar() as show:
        from mghp.runs.read import Run
        from mghp.studies.speed.bench import Call

        bench = entry.load()
        run = Run(bench.measure(Call(config, show, arguments, file, device)))
    tables = [table for table in (table.filled([run]) for table in bench.tables) if table.rows]
    with OutFolder(out).adding() as fresh:
        files = [table.write(fresh)[0] for table in tables]
    for table, file in zip(tables, files, strict=True):
        typer.echo(table.markdown())
        typer.echo(out / file.name)


def _check_place(out: Path) -> None:
    """Refuse a folder that cannot be written to, or where a table of a bench would replace somebody else's file.

    Raises:
        InputError: naming the folder or the file.
    """
    names = [file.name for ending in (".md", ".csv", ".tex", ".json") for file in out.glob(f"bench_*{ending}")]
    OutFolder(writable_folder(out)).refuse(sorted(names))


def _command(entry: BenchEntry) -> Callable[..., None]:
    """Return the command of a bench: it takes settings, also with a device or experiment file, a path, or nothing."""
    if entry.on_device:
        on_device = entry.on_device

        def command(overrides: Overrides = None, device: Device = "", out: Out = Path("results")) -> None:
            _run(on_device if device else entry, overrides or [], out, device)

    elif entry.takes_experiment:
        File = Annotated[Path, typer.Argument(help="Experiment file, with its variants")]

        def command(experiment: File, overrides: Overrides = None, out: Out = Path("results")) -> None:  # type: ignore[misc]
            _run(entry, overrides or [], out, given=experiment)

    elif entry.experiment:

        def command(overrides: Overrides = None, out: Out = Path("results")) -> None:  # type: ignore[misc]
            _run(entry, overrides or [], out)

    elif entry.argument:
        Argument = Annotated[Path | None, typer.Argument(help=entry.argument)]

        def command(stored: Argument = None, out: Out = Path("results")) -> None:  # type: ignore[misc]
            _run(entry, [] if stored is None else [str(stored)], out)

    else:

        def command(out: Out = Path("results")) -> None:  # type: ignore[misc]
            _run(entry, [], out)

    return command


for _entry in BENCHES.entries:
    bench_app.command(_entry.name, help=_entry.label)(_command(_entry))
