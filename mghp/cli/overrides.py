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


def words_of_predict(words: Sequence[str]) -> tuple[str, list[str], list[str]]:
    """Split a command line into the checkpoint, pictures, and settings `key=value`; a file that is there is a picture.

    Returns:
        The first word if it names a checkpoint or a run folder, else "shipped"; pictures; settings.

    Raises:
        InputError: if there is no picture among them.
    """
    from mghp.parsing.checkpoint_places import SHIPPED, is_checkpoint

    overrides = [word for word in words if re.match(r"[a-z]\w*(\.\w+)*=", word) and not Path(word).exists()]
    pictures = [word for word in words if word not in overrides]
    checkpoint = pictures.pop(0) if pictures and is_checkpoint(pictures[0]) else SHIPPED
    if not pictures:
        raise InputError("mghp predict: expected pictures, folders or patterns, e.g. photos")
    return checkpoint, pictures, overrides
