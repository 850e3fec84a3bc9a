"""The commands that make many runs."""

import os
import re
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.overrides import Overrides
from mghp.errors import InputError, writable_folder
from mghp.out_folder import OutFolder
from mghp.progress import progress_bar
from mghp.ranges import Range


class Profile(StrEnum):
    """Sizes of `mghp reproduce`."""

    smoke = "smoke"
    quick = "quick"
    standard = "standard"
    full = "full"


class Section(StrEnum):
    """Sections of `mghp reproduce`."""

    matching = "matching"
    learned = "learned"
    parsing = "parsing"
    rotation = "rotation"


_SWEEP_NUMBERS = {
    "--workers": Range(1, 1024),
    "--max-runs": Range(1, 1_000_000),
    "--seed": Range(0, 2**32 - 1),  # what Optuna's samplers take
    "--cpus": Range(0, 10_000),
    "--gpus": Range(0, 10_000),
}


def reproduce(
    overrides: Overrides = None,
    profile: Annotated[Profile, typer.Option(help="How much to run")] = Profile.quick,
    only: Annotated[Section | None, typer.Option(help="Run only this section")] = None,
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
    from mghp.reproduce.finished import COMMITTED
    from mghp.reproduce.plan import into_fresh_folder, make_plan
    from mghp.reproduce.profiles import PROFILES

    writable_folder(out)
    if os.environ.get("MGHP_RUN_DIR"):
        raise InputError(
            "MGHP_RUN_DIR is the folder of one run, and reproduce makes many: unset it, or set runs=FOLDER"
        )
    # All configs and files are read first: what is wrong with them is told at once, before torch is imported.
    size, given = PROFILES[profile.value], overrides or []
    taken = into_fresh_folder(given) if fresh else given
    sections = make_plan(size, taken, only and only.value, not fresh)
    if size.evidence and not fresh and not COMMITTED.is_dir():
        typer.echo("committed runs lie in a checkout alone, and this is an installed package: all are made here")
    if profile is Profile.full:
        from mghp.reproduce.full import in_a_line, paper_experiments, paper_section, refuse_incomplete

        experiments = paper_experiments(taken)
        for config in experiments:
            typer.echo(in_a_line(config))
        refuse_incomplete(experiments)
        sections.append(paper_section(experiments, not fresh))
    if fresh:
        typer.echo(f"all anew, with {taken[-1] if taken != given else 'what that folder of runs lacks'}")

    from mghp.studies.output_names import present_report

    OutFolder(out).refuse(present_report(out))

    from mghp.reproduce.run import committed_beside, reproduce
    from mghp.runs.read import Run

    with progress_bar() as show:
        folders = reproduce(sections, show, typer.echo)
        shows_committed = size.evidence and not fresh
        runs = committed_beside(folders) if shows_committed else [Run(folder) for folder in folders]

        from mghp.studies.report import write_report

        with OutFolder(out).adding() as folder:
            page = write_report(runs, f"the {profile.value} profile", size.evidence, folder)
    typer.echo(out / page.name)


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
    seed: Annotated[int, typer.Option(help="Seed of what random and bayes draw")] = 0,
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
