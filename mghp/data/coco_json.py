"""COCO's JSON form, checked as far as every reader needs it."""

import hashlib
import json
from pathlib import Path
from typing import Any

from mghp.errors import InputError, existing_file


def read_coco(file: Path) -> dict[str, Any]:
    """The file, with `images` and `annotations` that refer to them.

    Raises:
        InputError: if it is missing, no JSON, or lacks a list, a key, or a picture that an annotation is of.
    """
    content, _ = read_json(existing_file(file, "annotations"))
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


def read_json(file: Path) -> tuple[Any, str]:
    """A file's JSON, and the digest of its bytes.

    Raises:
        InputError: if it cannot be read, or is no JSON.
    """
    try:
        data = file.read_bytes()
        return json.loads(data), hashlib.sha256(data).hexdigest()[:16]
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise InputError(f"{file}: broken JSON at line {error.lineno}, column {error.colno}: {error.msg}") from None
    except RecursionError:
        raise InputError(f"{file}: broken JSON: nested too deeply") from None
    except ValueError as error:  # not text, or a number of thousands of digits
        raise InputError(f"{file}: broken JSON: {error}") from None
