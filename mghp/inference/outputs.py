"""The files of `mghp predict`: maps and an overlay per picture, and the poses of all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.errors import inside
from mghp.inference.coco_form import annotations, person_category
from mghp.inference.prediction_files import LABELS, POSES, map_names
from mghp.pictures.parsed import parsed_sheet
from mghp.pictures.persons import person_colours


def write_people(
    out: Path, name: str, image: NDArray[np.uint8] | None, found: PredictedPersons, anatomy: Anatomy
) -> None:
    """Write NAME_parts.png and NAME_persons.png (numbers with a palette), NAME_overlay.png, and labels.json.

    The maps have the picture's size; the overlay is `parsed_sheet`.

    Args:
        out: target folder, made if missing.
        name: the picture's name.
        image: (height, width, 3) uint8, upright; None: no overlay is written.
        found: the persons in the picture's pixels.
        anatomy: the meaning of the numbers.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts, persons, overlay = output_files(out, name)
    (out / LABELS).write_text(json.dumps(labels_of(anatomy), indent=1))
    _write_indexed(parts, found.parts, np.array(anatomy.parts.colours, np.uint8))
    _write_indexed(persons, found.person_ids, person_colours(len(found.person_scores)))
    if image is not None:
        Image.fromarray(parsed_sheet(image, found, anatomy)).save(overlay)


def labels_of(anatomy: Anatomy) -> dict[str, Any]:
    """Return what the numbers of the maps mean: parts with their colours, and names of keypoints and limbs."""
    names, colours = ("background", *anatomy.parts.names), ((0, 0, 0), *anatomy.parts.colours)
    keypoints = anatomy.skeleton.keypoints
    return {
        "parts": {
            str(label): {"name": name, "colour": list(colour)}
            for label, (name, colour) in enumerate(zip(names, colours, strict=True))
        },
        "persons": f"0 is nobody; another number is the `person` of an annotation in {POSES}",
        "keypoints": list(keypoints),
        "limbs": [[keypoints[source], keypoints[destination]] for source, destination in anatomy.skeleton.limbs],
    }


def output_files(out: Path, name: str) -> tuple[Path, Path, Path]:
    """Return the files of a picture: parts, persons and overlay.

    Raises:
        InputError: if the name leads out of the folder, or is too long.
    """
    parts, persons, overlay = (inside(out, file) for file in map_names(name))
    return parts, persons, overlay


class PoseFile:
    """All poses as COCO JSON: `images`, `categories`, and the `annotations` of `coco_form`."""

    def __init__(self, anatomy: Anatomy) -> None:
        self.anatomy = anatomy
        self.content: dict[str, list[Any]] = {
            "images": [],
            "annotations": [],
            "categories": [person_category(anatomy)],
        }

    def add(self, name: str, size: tuple[int, ...], found: PredictedPersons) -> None:
        """Add the persons of one picture of (height, width)."""
        image, first = len(self.content["images"]) + 1, len(self.content["annotations"]) + 1
        self.content["images"].append({"id": image, "file_name": name, "height": size[0], "width": size[1]})
        self.content["annotations"] += annotations(found, self.anatomy, image, first)

    def write(self, file: Path) -> None:
        """Write the file."""
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(self.content))


def _write_indexed(file: Path, labels: NDArray[Any], colours: NDArray[np.uint8]) -> None:
    """Write numbers as they are, 0 black; numbers beyond 255 take 16 bits, which have no palette."""
    if labels.max(initial=0) > 255:
        Image.fromarray(labels.astype(np.uint16)).save(file)
        return
    image = Image.fromarray(labels.astype(np.uint8), mode="P")
    image.putpalette([0, 0, 0, *colours[:255].ravel().tolist()])
    image.save(file)
