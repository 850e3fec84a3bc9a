"""The argument by which commands take settings over those of a file."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from mghp.errors import InputError

Overrides = Annotated[
    list[str] | None,
    typer.Argument(metavar="[KEY=VALUE]...", help="Settings over those of the file, e.g. seed=1 trainer.max_steps=500"),
]


def pictures_and_overrides(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the words of a command line into pictures and settings `key=value`; a file that is there is a picture.

    Raises:
        InputError: if there is no picture among them.
    """
    overrides = [word for word in words if re.match(r"[a-z]\w*(\.\w+)*=", word) and not Path(word).exists()]
    pictures = [word for word in words if word not in overrides]
    if not pictures:
        raise InputError("mghp predict: expected pictures, folders or patterns after the checkpoint, e.g. photos")
    return pictures, overrides
