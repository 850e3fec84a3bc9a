"""The labels and predictions of one picture side by side."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.parts import BACKGROUND
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.pictures.canvas import Rgb, enlarged
from mghp.pictures.heatmaps import heatmaps_overlay
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import match_persons, matched_colours, person_colours, persons_overlay
from mghp.pictures.picture_fields import PictureFields
from mghp.pictures.skeletons import SURE, skeletons_overlay
from mghp.pictures.text import fitting_size, padded, stacked, text_line
from mghp.pictures.vector_fields import limb_fields_overlay, projection_overlay

_GAP = 6
"""The white gap between pictures, pixels."""


def people_panel(
    image: Rgb,
    predicted: PredictedPersons,
    true: TruePersons,
    fields: PictureFields | None,
    anatomy: Anatomy,
    *,
    matched: NDArray[np.integer] | None = None,
    columns: int | None = None,
    zoom: int = 2,
) -> Rgb:
    """Draw input, parts, persons and skeletons, true beside predicted, then the predicted fields, with captions.

    Args:
        image: (height, width, 3).
        predicted: predicted persons.
        true: true persons.
        fields: predicted fields; None: not shown.
        anatomy: the dataset's parts and skeleton.
        matched: true person of each predicted one, -1 none, (person,); None: by mask IoU. A pair shares its colour.
        columns: pictures per row; None: all in one.
        zoom: factor of enlargement.
    """
    num_true = _num_persons(true)
    if matched is None:
        matched = match_persons(predicted.person_ids, true.person_ids, _num_persons(predicted), num_true)
    colours = person_colours(num_true), matched_colours(matched, num_true)
    cells = [("input", enlarged(image, zoom))]
    cells += _people_cells(image, predicted, true, anatomy, colours, zoom)
    if fields is not None:
        cells += _field_cells(image, fields, predicted.parts != BACKGROUND, anatomy, zoom)
    return captioned_row(cells, columns or len(cells))


def _num_persons(persons: PredictedPersons | TruePersons) -> int:
    """Count persons, with keypoints or with pixels alone."""
    return max(len(persons.keypoints), int(persons.person_ids.max(initial=0)))


def _people_cells(
    image: Rgb,
    predicted: PredictedPersons,
    true: TruePersons,
    anatomy: Anatomy,
    colours: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    zoom: int,
) -> list[tuple[str, Rgb]]:
    skeleton, parts = anatomy.skeleton, anatomy.parts
    true_colours, predicted_colours = colours
    return [
        ("true parts", parts_overlay(image, true.parts, parts, zoom=zoom)),
        ("predicted parts", parts_overlay(image, predicted.parts, parts, zoom=zoom)),
        ("true persons", persons_overlay(image, true.person_ids, true_colours, zoom=zoom)),
        ("predicted persons", persons_overlay(image, predicted.person_ids, predicted_colours, zoom=zoom)),
        ("true skeletons", skeletons_overlay(image, true.keypoints, skeleton, true_colours, zoom=zoom)),
        (
            "predicted skeletons",
            skeletons_overlay(image, predicted.keypoints, skeleton, predicted_colours, filled_from=SURE, zoom=zoom),
        ),
    ]


def _field_cells(
    image: Rgb, fields: PictureFields, human: NDArray[np.bool_], anatomy: Anatomy, zoom: int
) -> list[tuple[str, Rgb]]:
    heatmaps, of_heatmaps, of_projection = fields.heatmaps, "heatmaps", "projection field"
    if fields.centers is not None:
        heatmaps = np.concatenate([heatmaps, fields.centers])
        of_heatmaps, of_projection = "heatmaps, centres", "offsets to centres"
    return [
        (of_heatmaps, heatmaps_overlay(image, heatmaps, fields.keypoint_stride, anatomy.skeleton, zoom=zoom)),
        ("limb fields", limb_fields_overlay(image, fields.limb_fields, fields.limb_stride, zoom=zoom)),
        (
            of_projection,
            projection_overlay(image, fields.projection, fields.projection_stride, human, zoom=zoom),
        ),
    ]


def captioned_row(cells: Sequence[tuple[str, Rgb]], columns: int) -> Rgb:
    """Draw pictures of one size on white, each under its caption, `columns` in a row."""
    width = cells[0][1].shape[1]
    size = fitting_size((caption for caption, _ in cells), width, largest=22)
    captions = [text_line(caption, width, size, centred=True) for caption, _ in cells]
    width = max(caption.shape[1] for caption in captions)
    drawn = [
        np.concatenate([padded(caption, 0, width, centred=True), padded(picture, 0, width, centred=True)])
        for caption, (_, picture) in zip(captions, cells, strict=True)
    ]
    spaced = [padded(picture, picture.shape[0] + _GAP, width + _GAP) for picture in drawn]
    rows = [np.concatenate(spaced[k : k + columns], axis=1) for k in range(0, len(spaced), columns)]
    return stacked(rows)
