"""Tags of persons computed from their labels, by the names that rendered pictures have.

upside_down   the torso, from the middle of the shoulders to that of the hips, is turned by more than 120 degrees from
              where it points in a person who stands: straight down.
lying         it is turned by 60 to 120 degrees: who lies, and who bends over so far.
dim           nine tenths of the pixels in the person's box are darker than 0.4 of white, by their luma. This tells most
              rendered persons in dim light from others; the box, not the mask: dark clothes in daylight are not dim.
overlap       another person's box shares more than a fifth of the smaller of the two.
no_keypoints  the person has none, in a picture of which keypoints are known: no true field finds such a person.

Who lacks the label that a tag is computed from does not get it: keypoints of a shoulder and of a hip; a mask, or an
annotated box.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.skeleton import Skeleton
from mghp.datasets.mask_boxes import Box, box_about, do_overlap
from mghp.datasets.sample import Sample

LYING, UPSIDE_DOWN = 60.0, 120.0
"""The least turns of the torsos of persons who lie and who are upside down, degrees."""

DIM = 0.4
"""The luma, relative to white, that nine tenths of a dim person's box do not reach."""

_LUMA = np.array([0.299, 0.587, 0.114], np.float32) / 255


def tagged(sample: Sample, skeleton: Skeleton) -> Sample:
    """Return a sample with the tags of its persons, and of the picture those that any person has."""
    of_persons = [{*sample.tags, *tags} for tags in truth_tags(sample, skeleton)]
    return dataclasses.replace(
        sample,
        tags=tuple(sorted({*sample.tags}.union(*of_persons))),
        person_tags=tuple(tuple(sorted(tags)) for tags in of_persons),
    )


def truth_tags(sample: Sample, skeleton: Skeleton) -> list[set[str]]:
    """Return the tags of each person of a picture that its labels tell."""
    boxes, luma = _boxes(sample), sample.image @ _LUMA
    found = [_tags_of_box(boxes, row, luma) for row in range(len(boxes))]
    if sample.keypoints is None:
        return found
    return [tags | _tags_of_pose(pose, skeleton) for tags, pose in zip(found, sample.keypoints, strict=True)]


def torso_turn(keypoints: NDArray[np.float32], skeleton: Skeleton) -> float | None:
    """Return by how many degrees, 0 to 180, a torso is turned from that of a person who stands.

    Args:
        keypoints: of one person, (keypoints, 3).
        skeleton: their names.

    Returns:
        The angle between straight down and the way from the middle of the annotated shoulders to that of the hips;
        None where no shoulder or no hip is annotated, or they lie at one place.
    """
    shoulders, hips = (_middle(keypoints, skeleton, joint) for joint in ("shoulder", "hip"))
    if shoulders is None or hips is None or (shoulders == hips).all():
        return None
    across, down = (hips - shoulders).tolist()
    return float(np.degrees(np.arctan2(abs(across), down)))


def _tags_of_pose(keypoints: NDArray[np.float32], skeleton: Skeleton) -> set[str]:
    if not (keypoints[:, 2] > 0).any():
        return {"no_keypoints"}
    degrees = torso_turn(keypoints, skeleton)
    if degrees is None or degrees < LYING:
        return set()
    return {"upside_down" if degrees > UPSIDE_DOWN else "lying"}


def _middle(keypoints: NDArray[np.float32], skeleton: Skeleton, joint: str) -> NDArray[np.float32] | None:
    """Return the middle (x, y) of the annotated joints of both sides; None without one."""
    names = (f"left_{joint}", f"right_{joint}")
    rows = [row for row, name in enumerate(skeleton.keypoints) if name in names and keypoints[row, 2] > 0]
    middle: NDArray[np.float32] | None = keypoints[rows, :2].mean(0) if rows else None
    return middle


def _tags_of_box(boxes: Sequence[Box | None], row: int, luma: NDArray[np.floating[Any]]) -> set[str]:
    """Return the tags of the person in a row of `boxes`; luma is (height, width), relative to white."""
    box = boxes[row]
    if box is None:
        return set()
    left, top, right, bottom = box
    tags = {"dim"} if np.quantile(luma[top:bottom, left:right], 0.9) < DIM else set()
    others = filter(None, (*boxes[:row], *boxes[row + 1 :]))
    return tags | ({"overlap"} if any(do_overlap(box, other) for other in others) else set())


def _boxes(sample: Sample) -> list[Box | None]:
    """Return the box of each person: about the mask, or as annotated where there is no mask."""
    ids, poses = sample.person_ids, sample.keypoints
    number = len(poses) if poses is not None else 0 if ids is None else int(ids.max(initial=0))
    if ids is not None:
        return [box_about(ids == person + 1) for person in range(number)]
    return [None] * number if sample.regions is None else [_whole(box, sample) for box in sample.regions[:number, :4]]


def _whole(region: NDArray[np.float32], sample: Sample) -> Box | None:
    """Return the pixels of a picture that an annotated box (x, y, width, height) touches; None for no pixel."""
    height, width = sample.image.shape[:2]
    x, y, wide, high = region.tolist()
    left, top = max(0, int(x)), max(0, int(y))
    right, bottom = min(width, int(np.ceil(x + wide))), min(height, int(np.ceil(y + high)))
    return (left, top, right, bottom) if left < right and top < bottom else None
