import math

import pytest
import torch

from mghp.parsing.assembly.duplicates import without_duplicates

SIGMAS, MIRRORED = (0.05, 0.1, 0.1), (0, 2, 1)
PERSON = torch.tensor([[50.0, 10, 0.9], [40, 50, 0.8], [60, 50, 0.7]])


def kept(persons, largest=0.4, size=60.0):
    stacked = torch.stack(persons)
    left = without_duplicates(stacked, torch.full((len(persons),), size), SIGMAS, MIRRORED, largest)
    return [i for i, person in enumerate(persons) if any(torch.equal(person, other) for other in left)]


def moved(person, x, y=0.0, confidence=1.0):
    return person * torch.tensor([1.0, 1.0, confidence]) + torch.tensor([x, y, 0.0])


def test_the_surer_of_two_equal_persons_is_kept():
    assert kept([moved(PERSON, 0, confidence=0.5), PERSON]) == [1]


def test_a_mirrored_ghost_is_the_same_person():
    ghost = PERSON[list(MIRRORED)] * torch.tensor([1, 1, 0.5])
    assert kept([PERSON, ghost]) == [0]


def test_persons_apart_are_kept_in_their_order():
    assert kept([moved(PERSON, 40, confidence=0.5), PERSON]) == [0, 1]


@pytest.mark.parametrize("shift", [1.0, 3.0, 6.0, 9.0])
def test_the_similarity_is_the_mean_oks_term(shift):
    reach = [2 * sigma * 60 / math.sqrt(2) for sigma in SIGMAS]
    similarity = sum(math.exp(-0.5 * (shift / r) ** 2) for r in reach) / 3
    other = moved(PERSON, 0, shift, confidence=0.5)
    assert kept([PERSON, other], largest=similarity + 0.01) == [0, 1]
    assert kept([PERSON, other], largest=similarity - 0.01) == [0]


def test_only_what_is_more_similar_than_the_bound_is_dropped():
    """Nothing is more similar than an equal person: at 1 all stay."""
    assert kept([PERSON, moved(PERSON, 0, confidence=0.5)], largest=1.0) == [0, 1]
    assert kept([PERSON, moved(PERSON, 0, confidence=0.5)], largest=0.999) == [0]


def test_keypoints_that_the_other_lacks_count_against_similarity():
    half = PERSON.clone()
    half[1:] = 0
    other = moved(PERSON, 0, confidence=0.2)
    assert kept([half, other], largest=0.4) == [0, 1]  # only one of three keypoints is the other's
    fragment = half * torch.tensor([1, 1, 0.1])
    assert kept([PERSON, fragment]) == [0]  # all of its keypoints are


def test_fewer_than_two_persons():
    none = torch.zeros(0, 3, 3)
    assert without_duplicates(none, torch.zeros(0), SIGMAS, MIRRORED, 0.4) is none
    assert kept([PERSON]) == [0]
