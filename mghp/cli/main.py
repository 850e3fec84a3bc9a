"""The commands. Slow imports (torch, wandb, matplotlib) happen inside them, after the input has been checked."""

import errno
import os
import re
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.bench import bench_app
from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import Progress, progress_bar
from mghp.ranges import Range

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Instance-aware human parsing with a differentiable matcher: experiments, tables and figures.",
)

data_app = typer.Typer(no_args_is_help=True, help="Make and check data.")
app.add_typer(data_app, name="data")
app.add_typer(bench_app, name="bench")


class Profile(StrEnum):
    """Sizes of `mghp reproduce`."""

    smoke = "smoke"
    quick = "quick"
    standard = "standard"
    full = "full"


class Part(StrEnum):
    """Parts of `mghp reproduce`."""

    matching = "matching"
    learned = "learned"
    parsing = "parsing"
    rotation = "rotation"


_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EFBIG, errno.EIO)
"""Why a disk takes no file: nothing that a traceback would explain."""

_SWEEP_NUMBERS = {
    "--workers": Range(1, 1024),
    "--max-runs": Range(1, 1_000_000),
    "--seed": Range(0, 2**32 - 1),  # what Optuna's samplers take
    "--cpus": Range(0, 10_000),
    "--gpus": Range(0, 10_000),
}

_MAKE_RUNS = ("match", "train", "evaluate", "gallery", "bench")
"""Commands whose run goes into MGHP_RUN_DIR."""

RunFolders = Annotated[list[Path], typer.Argument(help="Run folders, or folders of run folders")]
Overrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings, e.g. seed=1")]


@app.callback()
def _commands(context: typer.Context) -> None:
    """Refuses, before a command that makes a run does anything, an MGHP_RUN_DIR that is no run's."""
    if context.invoked_subcommand in _MAKE_RUNS and os.environ.get("MGHP_RUN_DIR"):
        from mghp.runs.folder import refuse_foreign_folder

        refuse_foreign_folder(Path(os.environ["MGHP_RUN_DIR"]))


@app.command()
def match(
    experiment: Annotated[Path, typer.Argument(help="Experiment file, e.g. experiments/matcher/paper.yaml")],
    overrides: Overrides = None,
) -> None:
    """Run one solver setting over a set of matching problems: metrics, trace, timing."""
    from mghp.config.load import load_config
    from mghp.problems.load import load_problems

    config = load_config(experiment, overrides or [])
    problems = load_problems(config.data)

    import torch

    from mghp.problems.problem_set import build_problem_set
    from mghp.studies.solvers.run import run_match

    problem_set = build_problem_set(problems, config.data, getattr(torch, config.match.dtype))
    typer.echo(run_match(config, problem_set))


@app.command()
def train(
    experiment: Annotated[
        Path | None, typer.Argument(help="Experiment file, e.g. experiments/parsing/synthetic_10min.yaml")
    ] = None,
    overrides: Overrides = None,
    resume: Annotated[
        Path | None, typer.Option(metavar="RUN", help="Go on with the interrupted training of this run folder")
    ] = None,
) -> None:
    """Train a parsing network on pictures, or limb scores on poses: scores and weights in a run folder."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures, load_pictures, what_is_not_trained
    from mghp.training.trainer_options import checked_options

    if (experiment is None) == (resume is None):
        raise InputError("mghp train: expected an experiment file, or --resume RUN, which has its own settings")
    if experiment is not None:
        config = load_config(experiment, overrides or [])
    elif resume is not None:
        from mghp.training.resume import interrupted_config

        config = interrupted_config(resume)
    if config.data.name in ("generated_poses", "mhp_poses"):
        from mghp.studies.learned.run import run_learned

        if resume is not None:
            raise InputError(f"--resume {resume}: takes a minute and keeps no checkpoints: train {resume}/config.yaml")
        typer.echo(run_learned(config))
        return
    check_pictures(config.data)
    checked_options(config.trainer)  # a wrong name or value is told before torch is imported

    from mghp.training.trainers import parsing_options

    parsing_options(config.trainer)
    with progress_bar() as show:
        train_samples, validation = load_pictures(config.data, show)
    warning = what_is_not_trained(train_samples)
    if warning:
        typer.echo(f"mghp: {warning}", err=True)
    from mghp.evaluation.train import is_first_process, run_training

    folder = run_training(config, train_samples, validation, interrupted=resume)
    if is_first_process():
        typer.echo(folder)


@app.command()
def evaluate(
    source: Annotated[Path, typer.Argument(help="Run folder of mghp train, or one of its checkpoints")],
    overrides: Overrides = None,
) -> None:
    """Score a checkpoint on its validation pictures, with true fields swapped in one by one, and draw examples."""
    from mghp.evaluation.evaluate import run_evaluation

    with progress_bar() as show:
        typer.echo(run_evaluation(source, overrides or [], show))


@data_app.command("check")
def check_command(
    experiment: Annotated[Path, typer.Argument(help="Experiment file with a dataset on disk")],
    overrides: Overrides = None,
    out: Annotated[Path | None, typer.Option(help="JSON file of the whole report")] = None,
) -> None:
    """Tell every fault of a dataset on disk; exit code 1 if one would end a training or make its scores worthless."""
    import json

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


@app.command("predict")
def predict_command(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of mghp train, or its run folder")],
    source: Annotated[Path, typer.Argument(help="Picture, or folder of pictures")],
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="Folder of maps, overlays and poses.json")] = Path("predictions"),
    device: Annotated[str, typer.Option(help="cpu, cuda, or auto: cuda where there is one")] = "auto",
) -> None:
    """Parse one's own pictures: maps of parts and persons, overlays, poses. Exit code 1 if a file is unreadable."""
    from mghp.inference.image_files import picture_files
    from mghp.inference.prediction_files import all_names

    OutFolder(writable_folder(out)).refuse(all_names(picture_files(source)))

    import torch

    from mghp.evaluation.evaluate import checkpoint_of
    from mghp.inference.human_parser import HumanParser
    from mghp.inference.predict import predict

    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        chosen = torch.device(device)
        parser = HumanParser.load(checkpoint_of(checkpoint), *(overrides or []), device=chosen)
    except RuntimeError as error:
        raise InputError(f"device {device}: {str(error).splitlines()[0]}") from None
    with progress_bar() as show:
        predicted = predict(parser, source, out, show)
    for line in predicted.unreadable:
        typer.echo(f"mghp: skipped {line}", err=True)
    typer.echo(out)
    if predicted.unreadable:
        raise typer.Exit(1)


@app.command("export")
def export_command(
    checkpoint: Annotated[Path, typer.Argument(help="Checkpoint of mghp train, or its run folder")],
    overrides: Overrides = None,
    out: Annotated[list[Path] | None, typer.Option(help="FILE.onnx or FILE.pt2; give it twice for both")] = None,
    size: Annotated[str | None, typer.Option(help="HEIGHTxWIDTH of all pictures; open without")] = None,
) -> None:
    """Write a trained parser as one program: picture to fields, 16 candidates a keypoint type, affinities, matches."""
    from mghp.inference.export_files import check_export_files, picture_size

    files = out or [Path("parser.onnx")]
    check_export_files(files)
    sides = picture_size(size)

    from mghp.evaluation.evaluate import checkpoint_of
    from mghp.inference.export import describe, export_program, write_program
    from mghp.parsing.build import load_parser

    # Float32: not every ONNX runtime computes in bfloat16.
    module, config = load_parser(checkpoint_of(checkpoint), [*(overrides or []), "inference.bf16=false"])
    program = export_program(module, config, sides)
    for file in files:
        with OutFolder(file.parent).adding() as fresh:
            write_program(program, describe(module, config, sides), fresh / file.name)
        typer.echo(file)


@data_app.command("render")
def render_command(
    experiment: Annotated[Path, typer.Argument(help="Experiment file with data.name=synthetic")],
    overrides: Overrides = None,
    out: Annotated[Path, typer.Option(help="Folder of contact sheets and difficulty")] = Path("results"),
) -> None:
    """Render the pictures of an experiment into its cache; draw contact sheets and measure how hard the sets are."""
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


@app.command()
def reproduce(
    overrides: Overrides = None,
    profile: Annotated[Profile, typer.Option(help="How much to run")] = Profile.quick,
    only: Annotated[Part | None, typer.Option(help="Run just this part")] = None,
    out: Annotated[Path, typer.Option(help="Folder of tables, figures, galleries and index.html")] = Path("results"),
    fresh: Annotated[
        bool,
        typer.Option(
            "--fresh",
            help="Adopt no committed run and none of runs/: compute all anew, into runs-fresh-1 (then -2, ...); "
            "runs=FOLDER is another place, or goes on with one",
        ),
    ] = False,
) -> None:
    """Run the suite and write its tables, figures and galleries; finished runs are adopted, not run again."""
    from mghp.reproduce.fresh import into_fresh_folder, without_committed
    from mghp.reproduce.plan import make_plan
    from mghp.reproduce.profiles import PROFILES

    writable_folder(out)
    if os.environ.get("MGHP_RUN_DIR"):
        raise InputError(
            "MGHP_RUN_DIR is the folder of one run, and reproduce makes many: unset it, or set runs=FOLDER"
        )
    # All configs and files are read first: what is wrong with them is told at once, before torch is imported.
    size, given = PROFILES[profile.value], overrides or []
    taken = into_fresh_folder(given) if fresh else given
    parts = make_plan(size, taken, only and only.value)
    if profile is Profile.full:
        from mghp.reproduce.full import paper_experiments, paper_part, refuse_incomplete

        experiments = paper_experiments(taken)
        for experiment in experiments:
            typer.echo(experiment.line())
        refuse_incomplete(experiments)
        parts.append(paper_part(experiments))
    if fresh:
        parts = without_committed(parts)
        typer.echo(f"all anew, with {taken[-1] if taken != given else 'what that folder of runs lacks'}")

    from mghp.studies.output_names import present_report

    OutFolder(out).refuse(present_report(out))

    from mghp.reproduce.run import committed_beside, reproduce
    from mghp.runs.read import Run

    with progress_bar() as show:
        folders = reproduce(parts, show, typer.echo)
        shows_committed = size.evidence and not fresh
        runs = committed_beside(folders) if shows_committed else [Run(folder) for folder in folders]

        from mghp.studies.report import write_report

        with OutFolder(out).adding() as folder:
            page = write_report(runs, f"the {profile.value} profile", size.evidence, folder)
    typer.echo(out / page.name)


@app.command("sweep")
def sweep_command(
    sweep_file: Annotated[Path, typer.Argument(help="W&B sweep file, e.g. sweeps/matcher.yaml")],
    workers: Annotated[int | None, typer.Option(help="Trials at a time; with --ray as many as its CPUs hold")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a sweep that was begun")] = False,
    max_runs: Annotated[int | None, typer.Option(help="Start at most so many trials now")] = None,
    shard: Annotated[str | None, typer.Option(help="i/n: only the trials whose index mod n is i (0 to n - 1)")] = None,
    ray: Annotated[str | None, typer.Option(help="Address of a Ray cluster that runs the trials, or auto")] = None,
    cpus: Annotated[float, typer.Option(help="CPUs that a trial declares to Ray")] = 1,
    gpus: Annotated[float, typer.Option(help="GPUs that a trial declares to Ray")] = 0,
    accept_old: Annotated[bool, typer.Option("--accept-old", help="Adopt results of other commits too")] = False,
    keep_going: Annotated[bool, typer.Option("--keep-going", help="Even if the first three trials fail")] = False,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Run failed trials again")] = False,
    seed: Annotated[int, typer.Option(help="Of what random and bayes draw")] = 0,
    upload: Annotated[bool, typer.Option("--upload", help="Say how finished trials are sent to W&B; run none")] = False,
    out: Annotated[Path, typer.Option(help="Folder of all sweeps")] = Path("runs/sweeps"),
) -> None:
    """Run the file that `wandb sweep` takes, without a server: exit code 1 if a trial failed."""
    given = {"--workers": workers, "--max-runs": max_runs, "--seed": seed, "--cpus": cpus, "--gpus": gpus}
    for name, number in given.items():
        if number is not None:
            _SWEEP_NUMBERS[name].check(name, number)

    from mghp.sweep.command import run_sweep, upload_hints
    from mghp.sweep.supervisor import Options

    options = Options(
        workers=workers or 1,
        resume=resume or upload,
        max_runs=max_runs,
        shard=_shard(shard),
        accept_old=accept_old,
        keep_going=keep_going,
        retry_failed=retry_failed,
        seed=seed,
    )
    writable_folder(out)
    if upload:
        for line in upload_hints(sweep_file, out, options):
            typer.echo(line)
        return
    lines, is_good = run_sweep(sweep_file, out, options, ray=ray, cpus=cpus, gpus=gpus, fill_ray=workers is None)
    for line in lines:
        typer.echo(line)
    if not is_good:
        raise typer.Exit(1)


def _shard(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if found is not None and int(found[1]) < int(found[2]):
        return int(found[1]), int(found[2])
    raise InputError(f"--shard: expected i/n with i from 0 to n - 1, e.g. 0/4; got {text!r}")


@app.command()
def tables(runs: RunFolders, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")) -> None:
    """Write the tables that these run folders can fill (Markdown, CSV, LaTeX, and JSON of where rows come from)."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.report.table import write_tables
    from mghp.studies.filled import all_tables
    from mghp.studies.output_names import present_tables
    from mghp.studies.report import write_readings

    OutFolder(writable_folder(out)).refuse(present_tables(out))
    with OutFolder(out).adding() as fresh:
        files = [*write_tables(all_tables(found), fresh), *write_readings(found, fresh)]
    _echo_written([out / file.name for file in files], "table")


@app.command()
def figures(runs: RunFolders, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")) -> None:
    """Draw the figures that these run folders can fill (PNG and SVG)."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.studies.filled import all_figures
    from mghp.studies.output_names import present_figures

    OutFolder(writable_folder(out)).refuse(present_figures(out))
    with OutFolder(out).adding() as fresh:
        files = all_figures(found, fresh)
    _echo_written([out / file.name for file in files], "figure")


@app.command("report")
def report_command(
    runs: RunFolders, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Write all that these run folders can fill, tables, figures, readings and galleries, with index.html."""
    from mghp.runs.read import find_runs

    found = find_runs(runs)
    from mghp.studies.output_names import present_report
    from mghp.studies.report import is_evidence, write_report

    OutFolder(writable_folder(out)).refuse(present_report(out))
    with OutFolder(out).adding() as fresh:
        page = write_report(found, ", ".join(map(str, runs)), is_evidence(found), fresh)
    typer.echo(out / page.name)


@app.command("gallery")
def gallery_command(
    sources: Annotated[list[str], typer.Argument(metavar="RUN|KEY=VALUE", help="Runs of mghp train, "
        "checkpoints, or folders of runs that hold cases; settings, e.g. data.synthetic.scene=crossing")],
    compare: Annotated[bool, typer.Option("--compare", help="Compare two runs: persons only one of them gets right, "
        "or gets clearly better")] = False,
    out: Annotated[Path, typer.Option(help="Folder that gets gallery/")] = Path("results"),
) -> None:  # fmt: skip
    """Failures of every person, with their causes, as pages to look through; what is not computed yet is computed."""
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
    """The run folders of cases at or below a path, else the one that is made of a training."""
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


def main() -> None:
    """Entry point: a user's mistake is one line and exit code 2."""
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
