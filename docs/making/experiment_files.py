"""The list of experiments and sweeps, each with the comment that it opens with."""

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]


def experiment_list() -> str:
    """Return every experiment and sweep with its opening comment, as Markdown."""
    return "\n".join(_entries())


def _entries() -> Iterator[str]:
    for folder in ("experiments/matcher", "experiments/parsing", "experiments/parsing/ablation", "sweeps"):
        yield from (f"### {folder}", "")
        for file in sorted((CHECKOUT / folder).glob("*.yaml")):
            yield from (f"`{file.name}`", f":   {_comment(file)}", "")


def _comment(file: Path) -> str:
    lines = file.read_text(encoding="utf-8").splitlines()
    opening = [line.removeprefix("#").strip() for line in takewhile(lambda line: line.startswith("#"), lines)]
    return " ".join(f"`{line}`" if line.startswith(("wandb sweep", "mghp sweep")) else line for line in opening)
