"""What went wrong with a person: one kind of failure each, by a rule on masks and keypoints.

The first that applies, in this order; partners and shares are those of `mghp.metrics.person_pairs`:

missed        the true person has no partner, and nobody has most of its pixels.
merged        a predicted person has most of it, and most of at least one other who takes up a relevant share of it.
split         at least two predicted persons that are mostly this one's have a relevant share of it each.
left_right    labels: of its pixels of parts with a side, a tenth or more are of parts that mostly have the other
              side's label, and most are right once these parts are exchanged. Or keypoints: at least two, and a
              quarter of those with a side, lie at the other side's place and not at their own.
wrong_person  a relevant share of its pixels is given to others, or of what its partner has is other true persons'.
wrong_part    mean IoU over parts with the partner below 0.5, where AP^p_50 and PCP_50 count a miss.
spurious      a predicted person that is nobody's partner and no piece of a split one.
right         none of these.

Keypoints that are wrong without being swapped do not make a failure by themselves: what is parsed are pixels.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.metrics.person_pairs import MOST, PersonPairs, keypoint_reach, person_pairs

KINDS = ("missed", "merged", "split", "left_right", "wrong_person", "wrong_part", "spurious", "right")
"""In the order of precedence."""

RELEVANT = 0.2
"""Share of a person's pixels from which on it matters who has them."""

SWAPPED_PIXELS = 0.1
"""Share of swapped parts among the pixels of parts with a side: about an arm."""

SWAPPED_KEYPOINTS = 0.25
"""Share of the keypoints with a side that lie at the other side's place: about an arm."""

RIGHT_SCORE = 0.5
"""Mean IoU over parts from which on the labels are right."""


@dataclass(frozen=True)
class PersonKind:
    """The verdict on one person.

    Attributes:
        kind: one of `KINDS`.
        score: mean IoU over the true person's parts with its partner, 0 without.
        true_person: row in the picture's true persons; None for a spurious one.
        predicted_person: the partner's row in the predicted persons, or the spurious person's; None for none.
    """

    kind: str
    score: float
    true_person: int | None
    predicted_person: int | None


def person_kinds(predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy) -> list[PersonKind]:
    """Return a verdict on every true person of a picture with a pixel of a part, then on every spurious one.

    Args:
        predicted: of one picture.
        true: of the same picture.
        anatomy: what is annotated.
    """
    pairs = person_pairs(predicted, true, anatomy)
    verdicts: list[PersonKind] = []
    for person in np.flatnonzero(~pairs.is_empty).tolist():
        partner = int(pairs.partner[person]) if pairs.partner[person] >= 0 else None
        score = 0.0 if partner is None else float(pairs.scores[person, partner])
        kind = _kind(pairs, person, predicted.keypoints, true.keypoints, anatomy)
        verdicts.append(PersonKind(kind, score, person, partner))
    whose = {*pairs.partner.tolist(), *(piece for person in range(len(pairs.held)) for piece in _pieces(pairs, person))}
    spurious = (row for row in range(len(predicted.person_scores)) if row not in whose)
    return [*verdicts, *(PersonKind("spurious", 0.0, None, row) for row in spurious)]


def _kind(
    pairs: PersonPairs,
    person: int,
    predicted: NDArray[np.floating[Any]],
    true: NDArray[np.floating[Any]],
    anatomy: Anatomy,
) -> str:
    partner = int(pairs.partner[person])
    if partner < 0 and not (pairs.share[person] >= MOST).any():
        return "missed"
    if _is_merged(pairs, person):
        return "merged"
    if _pieces(pairs, person):
        return "split"
    if _has_swapped_labels(pairs.labels[person], anatomy.parts.mirrored_labels):
        return "left_right"
    if partner >= 0 and _has_swapped_keypoints(
        predicted[partner], true[person], float(pairs.true_pixels[person]), anatomy
    ):
        return "left_right"
    if _is_mixed_up(pairs, person, partner):
        return "wrong_person"
    if partner < 0 or pairs.scores[person, partner] < RIGHT_SCORE:
        return "wrong_part"
    return "right"


def _is_merged(pairs: PersonPairs, person: int) -> bool:
    has_most = pairs.share >= MOST
    others = np.where(has_most, pairs.held, 0).sum(0) - np.where(has_most[person], pairs.held[person], 0)
    return bool((has_most[person] & (others >= RELEVANT * np.maximum(pairs.predicted_pixels, 1))).any())


def _pieces(pairs: PersonPairs, person: int) -> list[int]:
    """Return the predicted persons that a split person is shared among; none if it is not split."""
    is_mostly_theirs = pairs.held[person] >= MOST * np.maximum(pairs.predicted_pixels, 1)
    pieces = np.flatnonzero(is_mostly_theirs & (pairs.share[person] >= RELEVANT)).tolist()
    return pieces if len(pieces) > 1 else []


def _has_swapped_labels(labels: NDArray[np.int64], mirrored: tuple[int, ...]) -> bool:
    """Tell from labels (true, predicted) of a person's pixels whether left and right are swapped."""
    label, mirror, pixels = np.arange(len(labels)), np.array(mirrored), labels.sum(1)
    sided, others = label != mirror, labels[label, mirror]
    is_swapped = sided & (pixels > 0) & (others >= MOST * pixels)
    right = np.where(is_swapped, others, np.diagonal(labels))[sided].sum()
    of_sides = pixels[sided].sum()
    return bool(pixels[is_swapped].sum() >= max(1, SWAPPED_PIXELS * of_sides) and right >= MOST * of_sides)


def _has_swapped_keypoints(
    predicted: NDArray[np.floating[Any]], true: NDArray[np.floating[Any]], area: float, anatomy: Anatomy
) -> bool:
    """Tell from keypoints (keypoint, 3) of a person and its partner whether left and right are swapped."""
    mirror = np.array(anatomy.skeleton.mirrored_keypoints)
    sided = (mirror != np.arange(len(mirror))) & (true[:, 2] > 0) & (true[mirror, 2] > 0)
    reach = keypoint_reach(area, anatomy.skeleton.known_sigmas)
    is_own = np.linalg.norm(predicted[:, :2] - true[:, :2], axis=-1) <= reach
    is_others = np.linalg.norm(predicted[:, :2] - true[mirror, :2], axis=-1) <= reach
    swapped = int((sided & is_others & ~is_own & (predicted[:, 2] > 0)).sum())
    return swapped >= max(2, SWAPPED_KEYPOINTS * int(sided.sum()))


def _is_mixed_up(pairs: PersonPairs, person: int, partner: int) -> bool:
    given_away = pairs.held[person].sum() - (pairs.held[person, partner] if partner >= 0 else 0)
    if given_away >= RELEVANT * pairs.true_pixels[person]:
        return True
    if partner < 0:
        return False
    taken = pairs.held[:, partner].sum() - pairs.held[person, partner]
    return bool(taken >= RELEVANT * max(int(pairs.predicted_pixels[partner]), 1))
