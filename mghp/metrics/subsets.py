"""Some of a set's persons: the others, and who was predicted in their place, do not count."""

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.parts import BACKGROUND, IGNORE
from mghp.anatomy.persons import PredictedPersons, TruePersons

SIZES = {"small": (0.0, 0.02), "medium": (0.02, 0.08), "large": (0.08, 1.01)}
"""Share of the picture that a person of each size covers: from, up to."""

COUNTS = {"1 person": (1, 1), "2 persons": (2, 2), "3 persons": (3, 3), "4 or more": (4, 10**9)}
"""Numbers of true persons in a picture: least, most."""

CUES = ("shown", "not shown")
"""Persons whose left the picture tells from their right, and those of whom it does not."""

POSED = 5
"""The number of annotated keypoints from which on a person's pose is known."""

POSE_GROUPS = CROWDS, SINGLES = "crowds", "singles"
"""Pictures with two and more persons whose pose is known, and with one."""


def pose_group(true: TruePersons) -> str | None:
    """Return which of `POSE_GROUPS` a picture belongs to; None without a person whose pose is known."""
    posed = int(((true.keypoints[..., 2] > 0).sum(-1) >= POSED).sum())
    return {0: None, 1: SINGLES}.get(posed, CROWDS)


def count_group(true: TruePersons) -> str | None:
    """Return which of `COUNTS` a picture belongs to; None without a person who has a pixel."""
    persons = len(np.unique(true.person_ids[true.person_ids > 0]))
    return next((name for name, (least, most) in COUNTS.items() if least <= persons <= most), None)


def size_groups(true: TruePersons) -> NDArray[np.str_]:
    """Return which of `SIZES` each person belongs to, by the share of the picture they cover; "" without a pixel."""
    pixels = np.bincount(true.person_ids.astype(np.int64).ravel(), minlength=len(true.keypoints) + 1)[1:]
    share = pixels / max(true.person_ids.size, 1)
    groups = np.full(len(pixels), "", dtype="<U6")
    for name, (least, below) in SIZES.items():
        groups[(pixels > 0) & (share >= least) & (share < below)] = name
    return groups


def cue_groups(true: TruePersons) -> NDArray[np.str_]:
    """Return which of `CUES` each person belongs to; "" where nobody knows."""
    if true.cues is None:
        return np.full(len(true.keypoints), "")
    return np.where(true.cues, *CUES)


def only_persons(
    predicted: PredictedPersons, true: TruePersons, kept: NDArray[np.bool_]
) -> tuple[PredictedPersons, TruePersons]:
    """Return a picture of which some persons count.

    The pixels of the others become unknown. A predicted person is left out with them if more of its pixels lie on
    persons that do not count than on those that do; one that lies on nobody stays, and counts as false.

    Args:
        predicted: of one picture.
        true: of the same picture.
        kept: (true person,), who counts.

    Returns:
        Both, with persons numbered anew.
    """
    shape = len(true.keypoints) + 1, len(predicted.person_scores) + 1
    true_ids, predicted_ids = true.person_ids.astype(np.int64), predicted.person_ids.astype(np.int64)
    shared = np.bincount((true_ids * shape[1] + predicted_ids).ravel(), minlength=shape[0] * shape[1]).reshape(shape)
    stays = shared[1:][~kept].sum(0)[1:] <= shared[1:][kept].sum(0)[1:]
    counts = np.concatenate([[True], kept])[true_ids]
    regions = true.regions
    if regions is not None:
        regions = np.concatenate([regions[: len(kept)][kept], regions[len(kept) :]])  # crowds stay
    found = _renumbered(stays)[predicted_ids]
    return (
        PredictedPersons(
            parts=np.where((found > 0) | (predicted_ids == 0), predicted.parts, BACKGROUND),
            person_ids=found,
            person_scores=predicted.person_scores[stays],
            part_scores=predicted.part_scores[stays],
            keypoints=predicted.keypoints[stays],
        ),
        TruePersons(
            parts=np.where(counts, true.parts, IGNORE).astype(true.parts.dtype),
            person_ids=_renumbered(kept)[true_ids],
            keypoints=true.keypoints[kept],
            regions=regions,
            ignored=true.ignored,
            cues=None if true.cues is None else true.cues[kept],
        ),
    )


def _renumbered(kept: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return the new number of each person number, nobody's 0 included; 0 for those left out."""
    return np.concatenate([[0], np.where(kept, np.cumsum(kept), 0)])
