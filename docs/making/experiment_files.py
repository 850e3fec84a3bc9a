"""The list of experiments and sweeps, each with the comment that it opens with."""

import re
import textwrap
from collections.abc import Iterator
from itertools import groupby, takewhile
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
    """Return the comment below a definition: prose as paragraphs, and what is indented as blocks of commands."""
    lines = file.read_text(encoding="utf-8").splitlines()
    opening = [line.removeprefix("#").removeprefix(" ") for line in takewhile(lambda line: line.startswith("#"), lines)]
    blocks = [(is_code, list(of_kind)) for is_code, of_kind in groupby(opening, key=lambda line: line.startswith("  "))]
    text = "\n\n".join(_commands(told) if is_code else " ".join(told) for is_code, told in blocks)
    return textwrap.indent(text, "    ").lstrip()


def _commands(lines: list[str]) -> str:
    text = textwrap.dedent("\n".join(lines))
    text = re.sub(r"[^\S\n]*\bor(?:, with no server)?: ", "\n# or, without a server:\n", text)
    return "```sh\n" + re.sub(r"\n+", "\n", text).strip() + "\n```"
