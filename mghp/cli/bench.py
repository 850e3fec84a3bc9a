"""The commands of `mghp bench`. Slow imports happen inside them, after the input has been checked."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mghp.errors import writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import progress_bar

if TYPE_CHECKING:
    from mghp.report.table import Table

bench_app = typer.Typer(no_args_is_help=True, help="Measure speed and memory against peers, as ratios in one run.")

Overrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings, e.g. seed=1")]


@bench_app.command("matcher")
def bench_matcher_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """PGD-Dykstra against the literal algorithm, and all solvers against size and batch."""
    from mghp.config.load import load_config
    from mghp.problems.load import load_problems
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "matcher" / "bench.yaml", overrides or [])
    problems = load_problems(config.data)

    from mghp.runs.read import Run
    from mghp.studies.solvers.tables import bench_table, padding_table, scaling_table
    from mghp.studies.speed.matcher import bench_matcher

    runs = [Run(bench_matcher(config, problems))]
    for table in (bench_table(runs), padding_table(runs), scaling_table(runs)):
        _write(table, out)


@bench_app.command("parsing")
def bench_parsing_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """What the matching loss adds to a training step, and pictures rendered a second."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures, load_pictures
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "parsing" / "bench.yaml", overrides or [])
    check_pictures(config.data)
    with progress_bar() as show:
        train, _ = load_pictures(config.data, show)

        from mghp.runs.read import Run
        from mghp.studies.parsing.tables import bench_table
        from mghp.studies.speed.parsing import bench_parsing

        table = bench_table([Run(bench_parsing(config, train, train.fingerprint, show))])
    _write(table, out)


@bench_app.command("data")
def bench_data_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """The loader against a training, and the making of targets against the number of persons."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures, load_pictures
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "parsing" / "bench_data.yaml", overrides or [])
    check_pictures(config.data)
    with progress_bar() as show:
        train, _ = load_pictures(config.data, show)

        from mghp.runs.read import Run
        from mghp.studies.speed.bench_tables import data_bench_table, target_bench_table
        from mghp.studies.speed.data import bench_data

        run = Run(bench_data(config, train, train.fingerprint, show))
    _write(data_bench_table([run]), out)
    _write(target_bench_table([run]), out)


@bench_app.command("step")
def bench_step_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Where a training step's time goes: backbone, heads, targets, losses, matcher, backward pass, waiting."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures, load_pictures
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "parsing" / "bench_step.yaml", overrides or [])
    check_pictures(config.data)
    with progress_bar() as show:
        train, _ = load_pictures(config.data, show)

        from mghp.runs.read import Run
        from mghp.studies.speed.bench_tables import step_bench_table
        from mghp.studies.speed.step import bench_step

        table = step_bench_table([Run(bench_step(config, train, train.fingerprint, show))])
    _write(table, out)


@bench_app.command("inference")
def bench_inference_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """From fields to persons, against the number of persons at constant human pixels; peak memory."""
    from mghp.config.load import load_config
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "parsing" / "bench_inference.yaml", overrides or [])
    with progress_bar() as show:
        from mghp.runs.read import Run
        from mghp.studies.speed.bench_tables import inference_bench_table
        from mghp.studies.speed.inference import bench_inference

        table = inference_bench_table([Run(bench_inference(config, show))])
    _write(table, out)


@bench_app.command("memory")
def bench_memory_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Peak memory of training, evaluation and prediction, each in a process of its own."""
    from mghp.config.load import load_config
    from mghp.datasets.pictures import check_pictures
    from mghp.runs.checkout import ROOT

    _check_place(out)
    file = ROOT / "experiments" / "parsing" / "bench_memory.yaml"
    config = load_config(file, overrides or [])
    check_pictures(config.data)
    with progress_bar() as show:
        from mghp.runs.read import Run
        from mghp.studies.speed.bench_tables import memory_bench_table
        from mghp.studies.speed.memory import bench_memory

        table = memory_bench_table([Run(bench_memory(config, file, overrides or [], show))])
    _write(table, out)


@bench_app.command("learned")
def bench_learned_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Time and memory of a training step of every way to learn limb scores, beside one without a matcher."""
    from mghp.config.load import load_config, variant_names
    from mghp.runs.checkout import ROOT

    _check_place(out)
    file = ROOT / "experiments" / "matcher" / "bench_learned.yaml"
    config = load_config(file, overrides or [])
    arms = {name: load_config(file, [*(overrides or []), f"variant={name}"]) for name in variant_names(file)}
    with progress_bar() as show:
        from mghp.runs.read import Run
        from mghp.studies.learned.bench import learned_bench_table
        from mghp.studies.speed.learned import bench_learned

        table = learned_bench_table([Run(bench_learned(config, arms, show))])
    _write(table, out)


@bench_app.command("metrics")
def bench_metrics_command(
    stored: Annotated[Path | None, typer.Argument(help="Stored set of test vectors, .npz; made up without")] = None,
    out: Annotated[Path, typer.Option(help="Where to write")] = Path("results"),
) -> None:
    """AP^r, AP^p, AP^h and mean IoU, in units of one joint histogram of a picture."""
    from mghp.config.schema import Config

    _check_place(out)

    from mghp.runs.read import Run
    from mghp.studies.speed.metrics import bench_metrics, made_set, stored_set
    from mghp.studies.speed.metrics_tables import metrics_bench_table

    pictures, num_labels = (made_set(), 59) if stored is None else stored_set(stored)
    name = "made up" if stored is None else stored.stem
    run = bench_metrics(pictures, num_labels, name, Config(experiment="bench_metrics"))
    table = metrics_bench_table([Run(run)])
    _write(table, out)


@bench_app.command("sweep")
def bench_sweep_command(
    out: Annotated[Path, typer.Option(help="Where to write")] = Path("results"),
) -> None:
    """What `mghp sweep` itself costs: CPU a trial, and seconds until the first trial runs."""
    _check_place(out)

    from mghp.config.schema import Config
    from mghp.runs.read import Run
    from mghp.studies.speed.sweep import bench_sweep
    from mghp.studies.speed.sweep_tables import sweep_bench_table

    table = sweep_bench_table([Run(bench_sweep(Config(experiment="bench_sweep")))])
    _write(table, out)


@bench_app.command("gallery")
def bench_gallery_command(
    out: Annotated[Path, typer.Option(help="Where to write")] = Path("results"),
) -> None:
    """How long galleries of up to 2,000 cases take to open, in headless Chromium."""
    from mghp.studies.speed.browser import find_browser

    _check_place(out)
    find_browser()

    from mghp.config.schema import Config
    from mghp.runs.read import Run
    from mghp.studies.speed.gallery import bench_gallery
    from mghp.studies.speed.gallery_tables import gallery_bench_table

    table = gallery_bench_table([Run(bench_gallery(Config(experiment="bench_gallery")))])
    _write(table, out)


@bench_app.command("speed")
def bench_speed_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Training step and parsing with channels_last, bfloat16 and torch.compile, as ratios to plain."""
    from mghp.config.load import load_config, variant_names
    from mghp.datasets.pictures import check_pictures, load_pictures
    from mghp.runs.checkout import ROOT

    _check_place(out)
    file = ROOT / "experiments" / "parsing" / "bench_speed.yaml"
    config = load_config(file, overrides or [])
    variants = {name: load_config(file, [*(overrides or []), f"variant={name}"]) for name in variant_names(file)}
    check_pictures(config.data)
    with progress_bar() as show:
        train, _ = load_pictures(config.data, show)

        from mghp.runs.read import Run
        from mghp.studies.speed.speed import bench_speed
        from mghp.studies.speed.speed_tables import speed_bench_table

        table = speed_bench_table([Run(bench_speed(config, variants, train, train.fingerprint, show))])
    _write(table, out)


@bench_app.command("faults")
def bench_faults_command(
    overrides: Overrides = None, out: Annotated[Path, typer.Option(help="Where to write")] = Path("results")
) -> None:
    """Kill a short training at random moments, go on with it, and compare it with one that was never killed."""
    from mghp.config.load import load_config
    from mghp.runs.checkout import ROOT

    _check_place(out)
    config = load_config(ROOT / "experiments" / "parsing" / "bench_faults.yaml", overrides or [])
    with progress_bar() as show:
        from mghp.runs.read import Run
        from mghp.studies.speed.faults import bench_faults
        from mghp.studies.speed.faults_tables import faults_bench_table

        table = faults_bench_table([Run(bench_faults(config, show))])
    _write(table, out)


def _check_place(out: Path) -> None:
    """Refuse a folder that cannot be written to, or has a table of somebody else's that is named like one of a bench.

    Raises:
        InputError: if it is one.
    """
    names = [file.name for ending in (".md", ".csv", ".tex", ".json") for file in out.glob(f"bench_*{ending}")]
    OutFolder(writable_folder(out)).refuse(sorted(names))


def _write(table: "Table", out: Path) -> None:
    with OutFolder(out).adding() as fresh:
        files = table.write(fresh)
    typer.echo(table.markdown())
    typer.echo(out / files[0].name)
