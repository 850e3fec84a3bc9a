"""Writing the pictures of a failure gallery: the photo, overlays to toggle, and a thumbnail per person."""

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.gallery.cases import MARGIN
from mghp.metrics.failure_kinds import PersonKind
from mghp.pictures.canvas import Rgb, enlarged
from mghp.pictures.persons import matched_colours, person_colours
from mghp.pictures.skeletons import SURE
from mghp.pictures.transparent_layers import parts_layer, persons_layer, skeletons_layer

SHOWN_SIDE = 384
"""Pixels that a small picture's longer side is enlarged to, by a whole factor."""

THUMBNAIL_SIDE = 112
"""Pixels of a thumbnail's side."""

_QUALITY = 85
"""Quality of the JPEG files."""


def zoom_of(image: Rgb) -> int:
    """Return the whole factor by which a picture is enlarged."""
    height, width = image.shape[:2]
    zoom: int = SHOWN_SIDE // max(height, width)
    return max(1, zoom)


def stem_of(name: str) -> str:
    """Return a picture's name for use in file names and addresses: letters, digits, `_` and `-`, unique still."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:80]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def write_layers(
    folder: Path,
    stem: str,
    image: Rgb,
    predicted: PredictedPersons,
    true: TruePersons,
    verdicts: Sequence[PersonKind],
    anatomy: Anatomy,
) -> dict[str, str]:
    """Write the photo and, on transparent ground of the same size, what was found and what is true.

    Args:
        folder: where to; must exist.
        stem: beginning of the files' names.
        image: photo, (height, width, 3).
        predicted: predicted persons.
        true: true persons.
        verdicts: verdicts on the persons; partners get one colour.
        anatomy: keypoints and parts of the dataset.

    Returns:
        File names by what they show.
    """
    zoom, size = zoom_of(image), (image.shape[0], image.shape[1])
    num_true = len(true.keypoints)
    matched = np.full(len(predicted.person_scores), -1)
    for verdict in verdicts:
        if verdict.true_person is not None and verdict.predicted_person is not None:
            matched[verdict.predicted_person] = verdict.true_person
    colours, true_colours = matched_colours(matched, num_true), person_colours(num_true)
    skeleton = anatomy.skeleton
    layers = {
        "prediction_parts": parts_layer(predicted.parts, anatomy.parts, zoom=zoom),
        "prediction_persons": persons_layer(predicted.person_ids, colours, zoom=zoom),
        "truth_parts": parts_layer(true.parts, anatomy.parts, zoom=zoom),
        "truth_persons": persons_layer(true.person_ids, true_colours, zoom=zoom),
        "skeletons": skeletons_layer(size, predicted.keypoints, skeleton, colours, filled_from=SURE, zoom=zoom),
        "truth_skeletons": skeletons_layer(size, true.keypoints, skeleton, true_colours, zoom=zoom),
    }
    names = {"picture": f"{stem}.jpg", **{name: f"{stem}-{name}.png" for name in layers}}
    Image.fromarray(enlarged(image, zoom)).save(folder / names["picture"], quality=_QUALITY)
    for name, layer in layers.items():
        # A palette holds flat colours exactly, and skeletons with edges that are as smooth, at half the size.
        Image.fromarray(layer).quantize(256, method=Image.Quantize.FASTOCTREE).save(folder / names[name])
    return names


def box_of(verdict: PersonKind, predicted: PredictedPersons, true: TruePersons) -> list[int]:
    """Return a person's box (x0, y0, x1, y1) in pixels of the picture before it is enlarged.

    The box is that of the true person's mask; for a spurious person, of its mask or, without a pixel, its keypoints.
    """
    persons, row = (predicted, verdict.predicted_person) if verdict.true_person is None else (true, verdict.true_person)
    assert row is not None
    rows, columns = np.nonzero(persons.person_ids == row + 1)
    if len(rows):
        return [int(columns.min()), int(rows.min()), int(columns.max()) + 1, int(rows.max()) + 1]
    pose = persons.keypoints[row]
    places = pose[pose[:, 2] > 0, :2]
    if not len(places):
        return [0, 0, 1, 1]
    height, width = persons.person_ids.shape
    (x0, y0), (x1, y1) = np.floor(places.min(0)), np.ceil(places.max(0))
    left, top = int(np.clip(x0, 0, width - 1)), int(np.clip(y0, 0, height - 1))
    return [left, top, int(np.clip(x1, left + 1, width)), int(np.clip(y1, top + 1, height))]


def write_thumbnail(file: Path, image: Rgb, box: list[int]) -> None:
    """Write the square around a person, (x0, y0, x1, y1) in pixels; beyond the picture it is grey."""
    x0, y0, x1, y1 = box
    side = max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN)
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    grey: dict[str, Any] = {"fill": 1, "fillcolor": (120, 120, 120)}
    square = Image.fromarray(image).transform(
        (THUMBNAIL_SIDE, THUMBNAIL_SIDE),
        Image.Transform.EXTENT,
        (left, top, left + side, top + side),
        Image.Resampling.BICUBIC,
        **grey,
    )
    square.save(file, quality=_QUALITY)
