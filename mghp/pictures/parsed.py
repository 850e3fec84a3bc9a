"""What was found in a photograph, drawn on it for readers: its parts, and beside them its persons with skeletons."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import BACKGROUND, IGNORE
from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.resized import resized_keypoints, resized_labels, size_for
from mghp.pictures.canvas import Rgb, blended
from mghp.pictures.legend import colour_legend
from mghp.pictures.outlines import edges, with_outlines
from mghp.pictures.panel import captioned_row
from mghp.pictures.person_numbers import with_numbers
from mghp.pictures.persons import person_colours
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT
from mghp.pictures.skeletons import SURE, draw_skeletons
from mghp.pictures.sketch import Colour, Sketch
from mghp.pictures.text import stacked

_SHORTEST, _LONGEST = 800, 1600
"""Bounds of an overlay's longer side, pixels: lines on a smaller one are not told apart, and drawing a larger one takes
many times the picture's own memory."""

_PARTS_OPACITY, _PERSONS_OPACITY = 0.7, 0.5

_LIMB = 1 / 36
"""The width of a limb relative to the root of the person's area."""

_THINNEST, _THICKEST = 1.2, 5.0
"""Bounds of that width on an overlay of the least size, pixels."""


def parsed_sheet(image: Rgb, found: PredictedPersons, anatomy: Anatomy) -> Rgb:
    """Draw `parts_on_photo` and `persons_on_photo` side by side, and the legend of both below.

    Args:
        image: (height, width, 3).
        found: the persons in the picture's pixels.
        anatomy: names and colours.

    Returns:
        Two pictures of 800 to 1600 pixels a side, (height, width, 3).
    """
    image, found = at_drawn_size(image, found)
    number = len(found.person_scores)
    persons = f"{number} {'person' if number == 1 else 'persons'}"
    row = captioned_row(
        [("parts", parts_on_photo(image, found, anatomy)), (persons, persons_on_photo(image, found, anatomy))], 2
    )
    return stacked([row, *_legend(found, anatomy, row.shape[1])])


def parts_on_photo(image: Rgb, found: PredictedPersons, anatomy: Anatomy) -> Rgb:
    """Paint parts over a photograph, with dark lines between them and white ones around persons."""
    palette = np.array([(0, 0, 0), *anatomy.parts.colours], np.uint8)
    known = (found.parts != BACKGROUND) & (found.parts != IGNORE)
    painted = blended(image, palette[np.where(known, found.parts, 0)], _PARTS_OPACITY * known)
    between = edges(found.parts) & known
    painted[between] = painted[between] // 2
    white = np.full((len(found.person_scores), 3), 255, np.uint8)
    return with_outlines(painted, found.person_ids, white, width=_line_width(image))


def persons_on_photo(image: Rgb, found: PredictedPersons, anatomy: Anatomy) -> Rgb:
    """Paint persons over a photograph, a colour each, with their numbers and skeletons.

    Limbs are the thicker the larger the person; dots are warm on the right side of the body and cool on the left,
    hollow where the parser is not sure.
    """
    colours = person_colours(len(found.person_scores))
    palette = np.concatenate([np.zeros((1, 3), np.uint8), colours])
    painted = blended(image, palette[found.person_ids], _PERSONS_OPACITY * (found.person_ids > 0))
    outlined = with_outlines(painted, found.person_ids, colours, width=2 * _line_width(image))
    sketch = Sketch(outlined, 1)
    thickness = _limb_widths(found, max(image.shape))
    draw_skeletons(sketch, found.keypoints, anatomy.skeleton, colours, filled_from=SURE, zoom=1, thickness=thickness)
    if len(colours) < 2:
        return sketch.picture()
    smallest = round(11 * max(image.shape) / _SHORTEST)
    return with_numbers(sketch.picture(), found.person_ids, colours, smallest=smallest)


def at_drawn_size(image: Rgb, found: PredictedPersons) -> tuple[Rgb, PredictedPersons]:
    """Return a photograph and its persons at a size on which lines can be told apart, 800 to 1600 pixels a side."""
    before = image.shape[0], image.shape[1]
    after = size_for(*before, min(max(*before, _SHORTEST), _LONGEST))
    photo = Image.fromarray(image).resize((after[1], after[0]), Image.Resampling.BICUBIC)
    resized = PredictedPersons(
        resized_labels(found.parts, *after),
        resized_labels(found.person_ids, *after).astype(np.int32),
        found.person_scores,
        found.part_scores,
        resized_keypoints(found.keypoints, before, after),
    )
    return np.asarray(photo), resized


def _line_width(image: Rgb) -> int:
    return max(1, round(int(max(image.shape)) / _SHORTEST))


def _limb_widths(found: PredictedPersons, longest: int) -> NDArray[np.floating]:
    """Return the width of each person's limbs, pixels, (person,)."""
    area = np.bincount(found.person_ids.ravel(), minlength=len(found.person_scores) + 1)[1:]
    ratio = longest / _SHORTEST
    widths: NDArray[np.floating] = np.clip(_LIMB * np.sqrt(area), _THINNEST * ratio, _THICKEST * ratio)
    return widths


def _legend(found: PredictedPersons, anatomy: Anatomy, width: int) -> list[Rgb]:
    """Return the colours of the parts that there are, and of the dots of skeletons, where there are some."""
    size = round(np.clip(width / 90, 13, 32))
    present = [label for label in np.unique(found.parts).tolist() if 0 < label < anatomy.num_labels]
    names, colours = anatomy.parts.names, anatomy.parts.colours
    parts: list[tuple[str, Colour]] = [(names[label - 1].replace("_", " "), colours[label - 1]) for label in present]
    dots = [("dots: right side of the body", RIGHT), ("left side", LEFT), ("neither", MIDDLE)]
    has_dots = bool((found.keypoints[..., 2] > 0).any())
    return [colour_legend(entries, width, size=size) for entries in (parts, dots if has_dots else []) if entries]
