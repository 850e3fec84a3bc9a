"""How sure the parser is of a person and of its parts: scores that rank, larger is surer."""

import torch
from torch import Tensor

from mghp.anatomy.persons import PredictedPersons


def scored_persons(
    parts: Tensor,
    part_probability: Tensor,
    person_ids: Tensor,
    keypoints: Tensor,
    num_labels: int,
    confidence: Tensor | None = None,
) -> PredictedPersons:
    """Return the persons of one picture with the scores of persons and parts.

    Args:
        parts: (height, width), labels.
        part_probability: (height, width): of the part that each pixel was given.
        person_ids: (height, width): 0 nobody, p + 1 person p.
        keypoints: (person, keypoint, 3): x, y, confidence; 0 where not found.
        num_labels: labels, background included.
        confidence: (person,): takes the keypoints' place where a person has none; see `person_scores`.
    """
    scores = person_scores(keypoints, part_probability, person_ids, confidence, has_parts=num_labels > 1)
    of_parts = part_scores(scores, part_probability, parts, person_ids, num_labels)
    return PredictedPersons(*(value.cpu().numpy() for value in (parts, person_ids, scores, of_parts, keypoints)))


def person_scores(
    keypoints: Tensor,
    part_probability: Tensor,
    person_ids: Tensor,
    center_confidence: Tensor | None = None,
    has_parts: bool = True,
) -> Tensor:
    """Return mean confidence of the keypoints found, times root of the share found, times mean part probability.

    A person of whom little is found, or whose pixels could be something else, ranks low. (The published code raises
    such a product to the power -3, which turns the ranking upside down.)

    Args:
        keypoints: (person, keypoint, 3): x, y, confidence; 0 where not found.
        part_probability: (height, width): of the part that each pixel was given.
        person_ids: (height, width): 0 nobody, p + 1 person p.
        center_confidence: (person,): takes the keypoints' place where a person has none; None: such a person scores 0.
        has_parts: whether parts are labelled; without them nobody has a pixel, and the pose alone counts.

    Returns:
        (person,) float64 in [0, 1]; where parts are labelled 0 for a person without a pixel.
    """
    confidence = keypoints[..., 2].double()
    found = (confidence > 0).double()
    pose = confidence.sum(1) / found.sum(1).clamp(min=1) * found.mean(1).sqrt()
    if center_confidence is not None:
        pose = torch.where(found.any(1), pose, center_confidence.double())
    if not has_parts:
        return pose
    own = _own(person_ids)
    return pose * _means(part_probability.flatten()[own], person_ids.flatten()[own] - 1, len(keypoints))


def part_scores(scores: Tensor, part_probability: Tensor, parts: Tensor, person_ids: Tensor, num_labels: int) -> Tensor:
    """Return the score of each part of each person: the person's, times the mean probability over the part's pixels.

    Args:
        scores: (person,), from `person_scores`.
        part_probability: (height, width).
        parts: (height, width), labels.
        person_ids: (height, width).
        num_labels: labels, background included.

    Returns:
        (person, label) float64; 0 for a part without a pixel.
    """
    own = _own(person_ids)
    groups = (person_ids.flatten()[own] - 1) * num_labels + parts.flatten()[own]
    means = _means(part_probability.flatten()[own], groups, len(scores) * num_labels)
    return scores[:, None] * means.view(len(scores), num_labels)


def _own(person_ids: Tensor) -> Tensor:
    """Return the positions of the pixels that are somebody's: most of a picture is nobody's."""
    return person_ids.flatten().nonzero()[:, 0]


def _means(values: Tensor, groups: Tensor, number: int) -> Tensor:
    """Return the mean of the values of each group 0 ... number - 1; 0 for an empty one."""
    sums = torch.bincount(groups, weights=values.double(), minlength=number)
    return sums / torch.bincount(groups, minlength=number).clamp(min=1)
