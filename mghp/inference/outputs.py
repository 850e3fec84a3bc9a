"""The files of `mghp predict`: maps and an overlay per picture, and the poses of all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.resized import resized_keypoints, resized_labels, resized_picture, size_for
from mghp.errors import inside
from mghp.inference.prediction_files import map_names
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import person_colours
from mghp.pictures.skeletons import skeletons_overlay

_OVERLAY_SIDE = 1600
"""The longest side of an overlay, pixels: drawing takes many times a picture's own memory."""


def write_people(out: Path, name: str, image: NDArray[np.uint8], found: PredictedPersons, anatomy: Anatomy) -> None:
    """Write NAME_parts.png, NAME_persons.png (numbers with a palette) and NAME_overlay.png.

    The maps have the picture's size; the overlay has at most 1600 pixels a side.

    Args:
        out: target folder, made if missing.
        name: the picture's name.
        image: (height, width, 3) uint8, upright.
        found: the persons in the picture's pixels.
        anatomy: the meaning of the numbers.
    """
    out.mkdir(parents=True, exist_ok=True)
    parts, persons, overlay = output_files(out, name)
    _write_indexed(parts, found.parts, np.array(anatomy.parts.colours, np.uint8))
    colours = person_colours(len(found.person_scores))
    _write_indexed(persons, found.person_ids, colours)
    Image.fromarray(_overlay(image, found, anatomy, colours)).save(overlay)


def output_files(out: Path, name: str) -> tuple[Path, Path, Path]:
    """Return the files of a picture: parts, persons and overlay.

    Raises:
        InputError: if the name leads out of the folder, or is too long.
    """
    parts, persons, overlay = (inside(out, file) for file in map_names(name))
    return parts, persons, overlay


def _overlay(
    image: NDArray[np.uint8], found: PredictedPersons, anatomy: Anatomy, colours: NDArray[np.uint8]
) -> NDArray[np.uint8]:
    """Draw parts, and skeletons over them."""
    before = image.shape[0], image.shape[1]
    after = size_for(*before, min(_OVERLAY_SIDE, max(before)))
    parts = resized_labels(found.parts, *after)
    overlay = parts_overlay(resized_picture(image, *after), parts, anatomy.parts, zoom=1)
    keypoints = resized_keypoints(found.keypoints, before, after)
    return skeletons_overlay(overlay, keypoints, anatomy.skeleton, colours, contrast=1.0, zoom=1)


class PoseFile:
    """All poses as COCO JSON: `images`, `categories`, and an annotation with a score per person.

    A keypoint's third number is 2 if it was found, else 0; its confidence stands in `keypoint_scores`.
    """

    def __init__(self, anatomy: Anatomy) -> None:
        skeleton = anatomy.skeleton
        limbs = [[source + 1, destination + 1] for source, destination in skeleton.limbs]
        category = {"id": 1, "name": "person", "keypoints": list(skeleton.keypoints), "skeleton": limbs}
        self.content: dict[str, list[Any]] = {"images": [], "annotations": [], "categories": [category]}

    def add(self, name: str, size: tuple[int, int], found: PredictedPersons) -> None:
        """Add the poses of one picture; the number p + 1 in its map of persons is `person` p + 1 here."""
        image = len(self.content["images"]) + 1
        self.content["images"].append({"id": image, "file_name": name, "height": size[0], "width": size[1]})
        for person, (keypoints, score) in enumerate(zip(found.keypoints, found.person_scores, strict=True)):
            there = keypoints[:, 2] > 0
            shown = np.concatenate([keypoints[:, :2] * there[:, None], 2.0 * there[:, None]], 1)
            low, high = (
                (keypoints[there, :2].min(0), keypoints[there, :2].max(0)) if there.any() else (np.zeros(2),) * 2
            )
            self.content["annotations"].append(
                {
                    "id": len(self.content["annotations"]) + 1,
                    "image_id": image,
                    "category_id": 1,
                    "person": person + 1,
                    "keypoints": [round(float(value), 2) for value in shown.ravel()],
                    "keypoint_scores": [round(float(value), 4) for value in keypoints[:, 2]],
                    "num_keypoints": int(there.sum()),
                    "bbox": [round(float(value), 2) for value in (*low, *(high - low))],
                    "area": int((found.person_ids == person + 1).sum()),
                    "iscrowd": 0,
                    "score": float(score),
                }
            )

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
