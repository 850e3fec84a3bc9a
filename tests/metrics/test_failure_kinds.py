"""Errors planted into perfect people are named rightly, and nobody else is blamed."""

import dataclasses

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.pascal_person_part import PASCAL_PERSON_PART
from mghp.datasets.synthetic import SCENES, render
from mghp.metrics.failure_kinds import KINDS, person_kinds

PARTS = DENSEPOSE_COCO.parts.names
MIRRORED_LABELS = np.array(DENSEPOSE_COCO.parts.mirrored_labels)
MIRRORED_KEYPOINTS = np.array(DENSEPOSE_COCO.skeleton.mirrored_keypoints)
ARM = [PARTS.index(f"{side}_{part}") + 1 for side in ("left", "right") for part in ("upper_arm", "lower_arm", "hand")]
ARM_KEYPOINTS = [
    DENSEPOSE_COCO.skeleton.keypoints.index(f"{side}_{joint}") for side in ("left", "right") for joint in
    ("shoulder", "elbow", "wrist")
]  # fmt: skip


@pytest.fixture(scope="module")
def true():
    """Two persons apart, both arms of the first in sight."""
    for index in range(200):
        sample = render(SCENES["simple"], index, seed=3)
        sizes = np.bincount(sample.person_ids.ravel(), minlength=3)[1:]
        arms = np.isin(sample.parts, ARM) & (sample.person_ids == 1)
        if len(sizes) == 2 and sizes.min() > 700 and "overlap" not in sample.tags and arms.sum() > 0.15 * sizes[0]:
            return TruePersons(sample.parts, sample.person_ids, sample.keypoints)
    raise AssertionError("no such picture")


def perfect(true):
    """What a parser without fault would find."""
    persons = len(true.keypoints)
    keypoints = true.keypoints.astype(np.float64)
    keypoints[..., 2] = keypoints[..., 2] > 0
    scores = np.ones(persons), np.ones((persons, DENSEPOSE_COCO.num_labels))
    return PredictedPersons(true.parts.copy(), true.person_ids.astype(np.int64), *scores, keypoints)


def with_persons(people, ids, keypoints):
    """Other persons in the same parts."""
    scores = np.ones(len(keypoints)), np.ones((len(keypoints), people.part_scores.shape[1]))
    return PredictedPersons(people.parts, ids, *scores, np.asarray(keypoints))


def missed(people):
    ids = np.where(people.person_ids == 1, 0, people.person_ids)
    return with_persons(people, np.where(ids == 2, 1, 0), people.keypoints[1:])


def merged(people):
    """The first has the pixels of both."""
    return with_persons(people, np.minimum(people.person_ids, 1), people.keypoints[:1])


def split(people):
    """The first's lower half is another's."""
    rows, _ = np.nonzero(people.person_ids == 1)
    below = np.arange(len(people.person_ids))[:, None] > np.median(rows)
    ids = np.where(below & (people.person_ids == 1), 3, people.person_ids)
    return with_persons(people, ids, people.keypoints[[0, 1, 0]])


def swapped_arm(people):
    is_arm = np.isin(people.parts, ARM) & (people.person_ids == 1)
    return dataclasses.replace(people, parts=np.where(is_arm, MIRRORED_LABELS[people.parts], people.parts))


def swapped_arm_keypoints(people):
    keypoints = people.keypoints.copy()
    keypoints[0, ARM_KEYPOINTS] = keypoints[0, MIRRORED_KEYPOINTS[ARM_KEYPOINTS]]
    return dataclasses.replace(people, keypoints=keypoints)


def given_away(people):
    """A third of the first's pixels is the second's."""
    rows, columns = np.nonzero(people.person_ids == 1)
    third = slice(0, len(rows) // 3)
    ids = people.person_ids.copy()
    ids[rows[third], columns[third]] = 2
    return dataclasses.replace(people, person_ids=ids)


def one_label(people):
    return dataclasses.replace(people, parts=np.where(people.person_ids == 1, 1, people.parts))


def no_label(people):
    """Its keypoints tell that it was found."""
    is_first = people.person_ids == 1
    parts, ids = (np.where(is_first, 0, labels) for labels in (people.parts, people.person_ids))
    return dataclasses.replace(people, parts=parts, person_ids=ids)


def ghost(people):
    """A third person where nobody is."""
    nobody = people.person_ids == 0
    ids = np.where(nobody & (np.arange(nobody.shape[1]) < 20), 3, people.person_ids)
    return with_persons(people, ids, [*people.keypoints, np.zeros_like(people.keypoints[0])])


def bare_skeleton(people):
    """The second found twice, the second time without a pixel."""
    return with_persons(people, people.person_ids, people.keypoints[[0, 1, 1]])


PLANTED = {
    missed: ["missed", "right"],
    merged: ["merged", "merged"],
    split: ["split", "right"],
    swapped_arm: ["left_right", "right"],
    swapped_arm_keypoints: ["left_right", "right"],
    given_away: ["wrong_person", None],
    one_label: ["wrong_part", "right"],
    no_label: ["wrong_part", "right"],
    ghost: ["right", "right", "spurious"],
    bare_skeleton: ["right", "right", "spurious"],
    lambda people: people: ["right", "right"],
}


def test_every_kind_is_planted():
    assert {kind for kinds in PLANTED.values() for kind in kinds} - {None} == set(KINDS)


@pytest.mark.parametrize(("plant", "kinds"), PLANTED.items(), ids=lambda value: getattr(value, "__name__", ""))
def test_a_planted_error_is_named(true, plant, kinds):
    verdicts = person_kinds(plant(perfect(true)), true, DENSEPOSE_COCO)
    assert len(verdicts) == len(kinds)
    for verdict, kind in zip(verdicts, kinds, strict=True):
        assert kind is None or verdict.kind == kind
        assert (verdict.true_person is None) == (verdict.kind == "spurious")
    assert [verdict.true_person for verdict in verdicts[:2]] == [0, 1]


def test_what_is_taken_makes_the_taker_wrong_too(true):
    """The second has a third of the first: what is not its own is a relevant share of it, or is not."""
    people = given_away(perfect(true))
    taken = ((people.person_ids == 2) & (true.person_ids == 1)).sum() / (people.person_ids == 2).sum()
    assert person_kinds(people, true, DENSEPOSE_COCO)[1].kind == ("wrong_person" if taken >= 0.2 else "right")


def test_scores_are_those_of_the_partner(true):
    verdicts = person_kinds(one_label(perfect(true)), true, DENSEPOSE_COCO)
    assert 0 < verdicts[0].score < 0.5
    assert verdicts[1].score == 1
    assert [verdict.predicted_person for verdict in verdicts] == [0, 1]
    gone = person_kinds(missed(perfect(true)), true, DENSEPOSE_COCO)
    assert (gone[0].score, gone[0].predicted_person) == (0, None)


@pytest.mark.parametrize("plant", PLANTED, ids=lambda value: getattr(value, "__name__", ""))
def test_the_order_of_predicted_persons_does_not_matter(true, plant):
    people = plant(perfect(true))
    persons = len(people.keypoints)
    ids = np.where(people.person_ids > 0, persons + 1 - people.person_ids, 0)
    reversed_people = with_persons(people, ids, people.keypoints[::-1])
    kinds, others = (
        [verdict.kind for verdict in person_kinds(found, true, DENSEPOSE_COCO)] for found in (people, reversed_people)
    )
    assert kinds == others


def test_a_merged_sliver_is_no_fault_of_the_one_in_front(true):
    """Of a person of whom hardly a pixel is seen."""
    ids = true.person_ids.copy()
    rows, columns = np.nonzero(true.person_ids == 1)
    ids[ids == 2] = 0
    ids[rows[:10], columns[:10]] = 2
    parts = np.where(ids > 0, true.parts, 0)
    found = merged(perfect(TruePersons(parts, ids, true.keypoints)))
    verdicts = person_kinds(found, TruePersons(parts, ids, true.keypoints), DENSEPOSE_COCO)
    assert [verdict.kind for verdict in verdicts] == ["right", "merged"]


def test_nobody_and_nothing_found(true):
    nothing = with_persons(perfect(true), np.zeros_like(true.person_ids), np.zeros((0, 17, 3)))
    assert [verdict.kind for verdict in person_kinds(nothing, true, DENSEPOSE_COCO)] == ["missed", "missed"]
    empty = np.zeros_like(true.parts)
    nobody = TruePersons(empty, empty.astype(np.int64), np.zeros((0, 17, 3)))
    assert (
        person_kinds(with_persons(perfect(nobody), nobody.person_ids, nobody.keypoints), nobody, DENSEPOSE_COCO) == []
    )
    assert {v.kind for v in person_kinds(perfect(true), nobody, DENSEPOSE_COCO)} == {"spurious"}


def test_nothing_is_held_against_a_person_without_labels(true):
    unknown = dataclasses.replace(true, parts=np.where(true.person_ids == 2, 255, true.parts))
    assert [verdict.kind for verdict in person_kinds(perfect(true), unknown, DENSEPOSE_COCO)] == ["right", "right"]
    background = dataclasses.replace(true, parts=np.where(true.person_ids == 2, 0, true.parts))
    assert [v.true_person for v in person_kinds(perfect(true), background, DENSEPOSE_COCO)] == [0]


def test_parts_without_sides_cannot_be_swapped(true):
    merged_sides = np.array([0, 2, 4, 4, 6, 6, 5, 5, 6, 6, 3, 3, 4, 4, 1], np.uint8)[true.parts]
    plain = dataclasses.replace(true, parts=merged_sides)
    verdicts = person_kinds(dataclasses.replace(perfect(true), parts=merged_sides), plain, PASCAL_PERSON_PART)
    assert [verdict.kind for verdict in verdicts] == ["right", "right"]
