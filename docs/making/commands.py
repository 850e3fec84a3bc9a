"""The reference page of commands, written by Typer from the command line's own code."""

import re

import typer.cli
from typer.testing import CliRunner

_ABOUT = """# Commands

Every command that takes `KEY=VALUE` knows all [config keys](config/index.md). Bad input is one line that names the file
or the key, with exit code 2. `mghp --install-completion` lets the shell complete names.
"""

_LEFT_OUT = (r"\*\*Commands\*\*:\n\n(\* .+\n)+", r"\* `--help`: .+\n", r"\*\*Options\*\*:\n\n(?=\n|#)")
"""What is said on the page already: shortened lists of what follows, and one and the same option."""


def commands_page() -> str:
    """Return every command with its arguments and options, as Markdown."""
    told = CliRunner().invoke(typer.cli.app, ["mghp.cli.main", "utils", "docs", "--name", "mghp"])
    text = told.stdout.removeprefix("# `mghp`").replace("```console\n$ ", "```text\n")
    for pattern in _LEFT_OUT:
        text = re.sub(pattern, "", text)
    return _ABOUT + re.sub(r"^(#+) `(.+)`$", _heading, text, flags=re.MULTILINE)


def _heading(found: re.Match[str]) -> str:
    return f"{found[1]} {found[2]} {{ #{found[2].replace(' ', '-')} }}"
