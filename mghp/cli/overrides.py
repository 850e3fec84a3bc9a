"""The argument by which commands take settings over those of a file."""

from typing import Annotated

import typer

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Settings over those of the file, e.g. seed=1 trainer.max_steps=500"),
]
