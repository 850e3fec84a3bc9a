"""COCO's JSON form, checked as far as every reader needs it."""

import json
from pathlib import Path
from typing import Any

from mghp.errors import InputError, existing_file


def read_coco(file: Path) -> dict[str, Any]:
    """The file, with `images` and `annotations` that refer to them.

    Raises:
        InputError: if it is missing, no JSON, or lacks a list, a key, or a picture that an annotation is of.
    """
    try:
        content = json.loads(existing_file(file, "annotations").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        if isinstance(error, InputError):
            raise
        raise InputError(f"annotations {file}: no readable JSON: {' '.join(str(error).split())[:120]}") from None
    if not isinstance(content, dict):
        raise InputError(f"annotations {file}: expected an object with images and annotations")
    for key, needed in (("images", ("id", "file_name", "width", "height")), ("annotations", ("id", "image_id"))):
        entries = content.get(key)
        if not isinstance(entries, list):
            raise InputError(f"annotations {file}: expected a list {key!r}")
        for number, entry in enumerate(entries):
            missing = [name for name in needed if not isinstance(entry, dict) or name not in entry]
            if missing:
                raise InputError(f"annotations {file}: {key}[{number}]: expected a key {missing[0]!r}")
    known = {image["id"] for image in content["images"]}
    for annotation in content["annotations"]:
        if annotation["image_id"] not in known:
            raise InputError(f"annotations {file}: annotation {annotation['id']}: no image {annotation['image_id']}")
    return content
