"""The commands that make one run, or use the weights that a run has trained."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.outcome import tell_run
from mghp.cli.overrides import Overrides, words_of_predict
from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import progress_bar

Checkpoint = Annotated[
    Path, typer.Argument(help="Run folder of mghp train (its best.ckpt, or else its last.ckpt), or a checkpoint")
]


def match(
    experiment: Annotated[Path, typer.Argument(help="Experiment file, e.g. experiments/matcher/paper.yaml")],
    overrides: Overrides = None,
) -> None:
    """Solve a set of matching problems with one solver; write metrics, a trace and times to a run folder."""
    from mghp.config.load import load_config
    from mghp.problems.load import load_problems

    config = load_config(experiment, overrides or [])
    problems = load_problems(config.data)

    from mghp.studies.solvers.run import run_match

    tell_run(run_match(config, problems))


def train(
    experiment: Annotated[
        Path | None, typer.Argument(help="Experiment file, e.g. experiments/parsing/synthetic_10min.yaml")
    ] = None,
    overrides: Overrides = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Resume the interrupted training of this run folder")
    ] = None,
) -> None:
    """Train a parsing network on pictures, or limb scores on problems; write scores and weights to a run folder."""
    from mghp.config.load import load_config
    from mghp.config.monitor import check_monitor
    from mghp.datasets.pictures import check_pictures, load_pictures, what_is_not_trained
    from mghp.training.trainer_options import checked_options

    if (experiment is None) == (resume is None):
        raise InputError("mghp train: expected an experiment file, or --resume RUN, which has its own settings")
    if experiment is not None:
        config = load_config(experiment, overrides or [])
    elif resume is not None:
        from mghp.training.resume import interrupted_config

        config = interrupted_config(resume)
    if config.data.dataset.teaches_scores:
        from mghp.studies.learned.run import run_learned

        if resume is not None:
            raise InputError(f"--resume {resume}: takes a minute and keeps no checkpoints: train {resume}/config.yaml")
        tell_run(run_learned(config))
        return
    check_pictures(config.data)
    checked_options(config.trainer)  # a wrong name or value is told before torch is imported
    check_monitor(config)

    from mghp.training.trainers import parsing_options

    parsing_options(config.trainer)
    with progress_bar() as show:
        train_samples, validation = load_pictures(config.data, show)
    warning = what_is_not_trained(train_samples, config.assembly.grouping)
    if warning:
        typer.echo(f"mghp: {warning}", err=True)
    from mghp.evaluation.train import is_first_process, run_training

    folder = run_training(config, train_samples, validation, interrupted=resume)
    if is_first_process():
        tell_run(folder)


class Missing(StrEnum):
    """What becomes of pictures without a prediction."""

    ERROR = "error"
    EMPTY = "empty"


def evaluate(
    source: Annotated[
        Path, typer.Argument(help="Run folder of mghp train or its checkpoint; with --predictions an experiment file")
    ],
    overrides: Overrides = None,
    predictions: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Score these files of mghp predict or mghp group instead")
    ] = None,
    missing: Annotated[
        Missing, typer.Option(help="Pictures without a prediction: an error, or empty, nobody was found")
    ] = Missing.ERROR,
) -> None:
    """Score a checkpoint, also with true fields, or any model's predictions, on validation pictures; draw examples."""
    if predictions is None:
        if missing is not Missing.ERROR:
            raise InputError(f"--missing={missing.value}: is for --predictions, which was not given")

        from mghp.evaluation.evaluate import run_evaluation

        with progress_bar() as show:
            folder = run_evaluation(source, overrides or [], show)
        tell_run(folder)
        return
    if source.suffix not in (".yaml", ".yml"):
        raise InputError(f"{source}: expected an experiment file beside --predictions, whose data are scored")
    if not predictions.is_dir():
        raise InputError(f"predictions {predictions}: no such folder")

    from mghp.evaluation.predictions import run_predictions
    from mghp.studies.failures.predictions import judge_predictions

    with progress_bar() as show:
        folder = run_predictions(source, predictions, overrides or [], missing.value, judge_predictions, show)
    tell_run(folder)


def predict_command(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="[CHECKPOINT] PICTURE... [KEY=VALUE]...",
            help="Pictures, folders and patterns, e.g. photos 'more/*.jpg', and settings, e.g. inference.tile=512; "
            "before them, if not the parser that comes with mghp, a run folder of mghp train or a checkpoint",
        ),
    ],
    out: Annotated[Path, typer.Option(help="Folder to write maps, overlays, poses.json and labels.json to")] = Path(
        "predictions"
    ),
    device: Annotated[str, typer.Option(help="Where to compute: cpu, cuda, or auto, cuda if there is one")] = "auto",
) -> None:
    """Parse your own pictures into maps of parts and persons, overlays and poses; exit code 1 if one is unreadable."""
    from mghp.inference.image_files import picture_files
    from mghp.inference.prediction_files import all_names

    checkpoint, pictures, overrides = words_of_predict(sources)
    files = picture_files(*map(Path, pictures))
    OutFolder(writable_folder(out)).refuse(all_names(files))

    import torch

    from mghp.inference.human_parser import HumanParser
    from mghp.inference.predict import predict

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        parser = HumanParser(checkpoint, *overrides, device=chosen)
    except RuntimeError as error:
        raise InputError(f"device {device}: {str(error).splitlines()[0]}") from None
    with progress_bar() as show:
        predicted = predict(parser, files, out, show, typer.echo)
    for line in predicted.unreadable:
        typer.echo(f"mghp: skipped {line}", err=True)
    typer.echo(out)
    if predicted.unreadable:
        raise typer.Exit(1)


def export_command(
    checkpoint: Checkpoint,
    overrides: Overrides = None,
    out: Annotated[
        list[Path] | None,
        typer.Option(help="parser.onnx by default, or e.g. a.pt2; a.ckpt: weights alone, float16; twice for both"),
    ] = None,
    size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH of pictures, e.g. 480x640; any by default")] = None,
) -> None:
    """Export a trained parser as one program: from picture to fields, 16 candidates per keypoint type, and matches."""
    from mghp.inference.export_files import WEIGHTS, check_export_files, picture_size

    files = out or [Path("parser.onnx")]
    check_export_files(files)
    sides = picture_size(size)
    _export_weights(checkpoint, overrides or [], [file for file in files if file.suffix == WEIGHTS])
    _export_programs(checkpoint, overrides or [], [file for file in files if file.suffix != WEIGHTS], sides)


def _export_weights(checkpoint: Path, overrides: list[str], files: list[Path]) -> None:
    from mghp.inference.export_weights import weights_alone
    from mghp.parsing.checkpoints import write_checkpoint

    for file in files:
        weights = weights_alone(checkpoint, overrides)
        with OutFolder(file.parent).adding() as fresh:
            write_checkpoint(weights, fresh / file.name)
        typer.echo(file)


def _export_programs(checkpoint: Path, overrides: list[str], files: list[Path], sides: tuple[int, int] | None) -> None:
    if not files:
        return
    from mghp.inference.export import describe, export_program, write_program
    from mghp.parsing.build import load_parser

    # Float32: not every ONNX runtime computes in bfloat16.
    module, config = load_parser(checkpoint, [*overrides, "inference.bf16=false"])
    program = export_program(module, config, sides)
    for file in files:
        with OutFolder(file.parent).adding() as fresh:
            write_program(program, describe(module, config, sides), fresh / file.name)
        typer.echo(file)
