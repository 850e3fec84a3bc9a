"""`mghp config`: what a file resolves to, and every key that there is."""

from pathlib import Path
from typing import Annotated

import typer

from mghp.cli.overrides import Overrides
from mghp.errors import InputError


def config_command(
    file: Annotated[
        str | None,
        typer.Argument(metavar="FILE", help="Experiment file; with --keys a beginning of keys, e.g. matcher.sinkhorn"),
    ] = None,
    overrides: Overrides = None,
    changed: Annotated[bool, typer.Option("--changed", help="Leave out what is at its default")] = False,
    keys: Annotated[bool, typer.Option("--keys", help="Tell every key there is: kind, default and meaning")] = False,
) -> None:
    """Print an experiment file resolved, with what each key means and where its value comes from."""
    from mghp.config.origins import explained, keys_in_words

    if keys:
        text = keys_in_words(file or "")
        if not text:
            raise InputError(f"mghp config --keys: no key begins with {file!r}")
        typer.echo(text)
    elif file is None:
        raise InputError("mghp config: expected an experiment file, or --keys")
    else:
        typer.echo(explained(Path(file), overrides or [], changed), nl=False)
