"""The commands of `mghp data`."""

import functools
import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from mghp.cli.overrides import Overrides
from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import progress_bar

data_app = typer.Typer(
    no_args_is_help=True, help="Check a dataset on disk, draw its labels, render pictures, or make matching problems."
)

_SHOWN: tuple[Literal["training", "validation"], ...] = ("training", "validation")
"""The roles of which `mghp data show` draws pictures."""


@data_app.command("check")
def check_command(
    experiment: Annotated[
        Path, typer.Argument(help="Experiment file of a dataset on disk, e.g. experiments/parsing/mhp_v2.yaml")
    ],
    overrides: Overrides = None,
    out: Annotated[
        Path | None,
        typer.Option(help="JSON file to write the whole report to, e.g. faults.json; not written by default"),
    ] = None,
) -> None:
    """List every fault of a dataset on disk; exit code 1 if one would end a training or make its scores worthless."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures

    config = load_config(experiment, overrides or [])
    check_pictures(config.data, to_train=False)
    if config.data.name == "synthetic":
        raise InputError("data.name: rendered pictures have no files to check; expected a dataset on disk")
    if out is not None:
        OutFolder(writable_folder(out.parent)).refuse([out.name])

    from mghp.datasets.check import check_splits
    from mghp.report.data_check import check_text

    splits = config.data.splits
    with progress_bar() as show:
        reports = check_splits(config.data, splits.train, splits.validation, show)
    typer.echo(check_text(reports))
    if out is not None:
        with OutFolder(out.parent).adding() as fresh:
            (fresh / out.name).write_text(json.dumps([report.as_json() for report in reports], indent=1))
        typer.echo(out)
    if any(report.is_unfit for report in reports):
        raise typer.Exit(1)


@data_app.command("show")
def show_command(
    experiment: Annotated[
        Path, typer.Argument(help="Experiment file of pictures, e.g. experiments/parsing/coco_persons.yaml")
    ],
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="Folder that the sheets are written to")] = Path("results"),
    number: Annotated[int, typer.Option(min=1, max=500, help="Pictures per sheet, evenly over the set")] = 12,
    augmented: Annotated[
        bool, typer.Option("--augmented", help="Draw the training pictures as a training's first epoch sees them")
    ] = False,
) -> None:
    """Draw the labels of a dataset on its pictures: a sheet of those trained on, and one of those validated on."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures

    config = load_config(experiment, overrides or [])
    check_pictures(config.data, to_train=False)
    OutFolder(writable_folder(out)).refuse([f"labels_{role}.png" for role in _SHOWN])

    from mghp.pictures.label_sheets import write_label_sheets

    trained_on = {}
    if augmented:
        from mghp.training.datamodule import first_epoch

        trained_on["trained_on"] = functools.partial(first_epoch, config)
    with progress_bar() as show, OutFolder(out).adding() as fresh:
        files = write_label_sheets(config.data, _SHOWN, number, fresh, show, **trained_on)
    for file in files:
        typer.echo(out / file.name)


@data_app.command("problems")
def problems_command(
    checkpoint: Annotated[
        Path, typer.Argument(help="Run folder of mghp train, a checkpoint, or shipped: the weights that come with mghp")
    ],
    experiment: Annotated[
        Path, typer.Argument(help="Experiment file whose data.splits.validation tells the pictures, none trained on")
    ],
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="File to write, .npz")] = Path("problems.npz"),
) -> None:
    """Write what a trained network leaves to match on labelled pictures, with truth: data.name=predicted_problems."""
    from mghp.problems.problems_file import SUFFIX, write_problems

    if out.suffix != SUFFIX:
        raise InputError(f"--out {out}: expected a name that ends in {SUFFIX}")
    OutFolder(writable_folder(out.parent)).refuse([out.name])

    from mghp.evaluation.problems_of_pictures import outcome, problems_of_experiment

    with progress_bar() as show:
        content = problems_of_experiment(checkpoint, experiment, overrides or [], show)
    with OutFolder(out.parent).adding() as fresh:
        write_problems(content, fresh / out.name)
    typer.echo(outcome(content), err=True)
    typer.echo(out)


@data_app.command("render")
def render_command(
    experiment: Annotated[
        Path, typer.Argument(help="Experiment file of rendered pictures, e.g. experiments/parsing/synthetic_10min.yaml")
    ],
    overrides: Overrides = None,
    out: Annotated[
        Path, typer.Option(help="Folder that contact sheets and measures of difficulty are written to")
    ] = Path("results"),
) -> None:
    """Render the pictures of an experiment into its cache, draw contact sheets, and measure how hard the sets are."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import DESCRIPTIONS, check_pictures, describe_pictures, load_pictures

    config = load_config(experiment, overrides or [])
    check_pictures(config.data)
    OutFolder(writable_folder(out)).refuse(DESCRIPTIONS)
    with progress_bar() as show:
        train_samples, validation = load_pictures(config.data, show)
    with OutFolder(out).adding() as fresh:
        files = describe_pictures(train_samples, validation, fresh)
    for file in files:
        typer.echo(out / file.name)
