"""Parsed persons in COCO's form: annotations with masks of persons and parts as run lengths, keypoints and scores."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as coco_mask

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons
from mghp.inference.person import Person

_CATEGORY = 1
"""COCO's number of the category "person"."""


def person_category(anatomy: Anatomy) -> dict[str, Any]:
    """Return the entry of `categories`: names of keypoints and parts, and limbs, which COCO counts from 1."""
    skeleton = anatomy.skeleton
    return {
        "id": _CATEGORY,
        "name": "person",
        "keypoints": list(skeleton.keypoints),
        "skeleton": [[source + 1, destination + 1] for source, destination in skeleton.limbs],
        "parts": list(anatomy.parts.names),
    }


def annotations(found: PredictedPersons, anatomy: Anatomy, image_id: int, first_id: int) -> list[dict[str, Any]]:
    """Return an annotation for each person of a picture.

    A keypoint's third number is 2 if it was found, else 0; its confidence stands in `keypoint_scores`. `person` is the
    person's number in the map of persons, `parts` holds a mask for each part that the person shows, and `part_scores`
    its score by label. All are written so that reading them gives the same numbers again, keypoints and their
    confidences in single precision.

    Args:
        found: the persons in the picture's pixels.
        anatomy: names of parts and keypoints.
        image_id: of the picture.
        first_id: of the first annotation; the others follow.
    """
    whole = run_lengths(found.person_ids)
    by_part = run_lengths(_part_numbers(found, anatomy.num_labels))
    nothing = _run_lengths_of(np.zeros((0, 2), np.int64), found.person_ids.shape)
    return [
        {
            "id": first_id + number - 1,
            "image_id": image_id,
            "category_id": _CATEGORY,
            "person": number,
            **_pose_and_box(Person(number, found, anatomy)),
            "part_scores": {str(label): float(of) for label, of in enumerate(found.part_scores[number - 1]) if of > 0},
            "segmentation": whole.get(number, nothing),
            "parts": {
                name: by_part[key]
                for label, name in enumerate(anatomy.parts.names, start=1)
                if (key := number * anatomy.num_labels + label) in by_part
            },
        }
        for number in range(1, len(found.person_scores) + 1)
    ]


def _part_numbers(found: PredictedPersons, num_labels: int) -> NDArray[np.int32]:
    """Return a number for each part of each person, (height, width): person * labels + label, 0 nobody."""
    numbers = found.person_ids.astype(np.int32)  # of four bytes: a large picture's maps are most of the memory
    is_somebody = numbers > 0
    numbers *= num_labels
    np.add(numbers, found.parts, out=numbers, where=is_somebody, casting="unsafe")
    return numbers


def _pose_and_box(person: Person) -> dict[str, Any]:
    there = person.keypoints[:, 2] > 0
    shown = np.concatenate([person.keypoints[:, :2] * there[:, None], 2.0 * there[:, None]], 1)
    left, top, right, bottom = person.box.tolist()
    return {
        "keypoints": _shortest(shown),
        "keypoint_scores": _shortest(person.keypoints[:, 2]),
        "num_keypoints": int(there.sum()),
        "bbox": [round(value, 2) for value in (left, top, right - left, bottom - top)],
        "area": person.area,
        "iscrowd": 0,
        "score": person.score,
    }


def _shortest(values: NDArray[np.floating[Any]]) -> list[float]:
    """Return the shortest decimals that single precision reads as these values."""
    return [float(str(value)) for value in values.astype(np.float32).ravel()]


def run_lengths(labels: NDArray[np.integer]) -> dict[int, dict[str, Any]]:
    """Return COCO's run lengths of the mask of each label but 0, in one pass over a map (height, width)."""
    by_column = labels.ravel(order="F")
    begins = np.append(0, np.flatnonzero(by_column[1:] != by_column[:-1]) + 1)
    spans = np.stack([begins, np.append(begins[1:], len(by_column))], 1)
    values = by_column[begins]
    return {
        int(label): _run_lengths_of(spans[values == label], labels.shape) for label in np.unique(values[values > 0])
    }


def _run_lengths_of(spans: NDArray[np.int64], size: tuple[int, ...]) -> dict[str, Any]:
    """Return the run lengths of a mask that is True in spans (span, 2) of its pixels, column by column."""
    height, width = size
    counts = np.diff(spans.ravel(), prepend=0, append=height * width).tolist()
    if not counts[-1]:
        counts.pop()  # COCO writes no empty run at the end
    packed = coco_mask.frPyObjects({"size": [height, width], "counts": counts}, height, width)
    return {"size": [height, width], "counts": packed["counts"].decode("ascii")}
