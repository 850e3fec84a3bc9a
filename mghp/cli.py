"""The commands. Slow imports (torch, wandb, matplotlib) happen inside them, after the input has been checked."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from mghp.errors import InputError

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Instance-aware human parsing with a differentiable matcher: experiments, tables and figures.",
)

Overrides = Annotated[list[str] | None, typer.Argument(metavar="[KEY=VALUE]...", help="Settings, e.g. seed=1")]


@app.callback()
def _commands() -> None:
    """Keeps `mghp` a group of commands."""


@app.command()
def match(
    experiment: Annotated[Path, typer.Argument(help="Experiment file, e.g. experiments/matcher/paper.yaml")],
    overrides: Overrides = None,
) -> None:
    """Run one solver setting over a set of matching problems: metrics, trace, timing."""
    from mghp.config import load_config
    from mghp.data.load import load_problems

    config = load_config(experiment, overrides or [])
    problems = load_problems(config.data)

    import torch

    from mghp.experiments.match import run_match
    from mghp.experiments.problem_set import build_problem_set

    problem_set = build_problem_set(problems, config.data, getattr(torch, config.match.dtype))
    typer.echo(run_match(config, problem_set))


def main() -> None:
    """Entry point: a user's mistake is one line and exit code 2."""
    try:
        app()
    except InputError as error:
        typer.echo(f"mghp: {error}", err=True)
        sys.exit(2)
