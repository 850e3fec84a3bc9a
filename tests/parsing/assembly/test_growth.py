import numpy as np

from mghp.parsing.assembly.growth import grow_persons

LIMBS = ((0, 1), (1, 2), (0, 2))


def grown(pairs, strength, sureness, least=1):
    """`pairs`: (limb, source, destination) with a strength each; `sureness`: of (type, candidate), 0 for the others."""
    number = 1 + max(candidate for _, candidate in sureness)
    is_limb = np.zeros((len(LIMBS), number, number), bool)
    affinity = np.full(is_limb.shape, 9.0)  # what no limb may join must not be looked at
    for pair, value in zip(pairs, strength, strict=True):
        is_limb[pair], affinity[pair] = True, value
    scores = np.zeros((3, number))
    for end, value in sureness.items():
        scores[end] = value
    # A candidate's x is its type, its y its number.
    positions = np.stack(np.meshgrid(np.arange(3.0), np.arange(float(number)), indexing="ij"), -1)
    keypoints = grow_persons(is_limb, affinity, positions, scores, LIMBS, least)
    return [{kind: int(person[kind, 1]) for kind in range(3) if person[kind, 2] > 0} for person in keypoints]


ALL = {(kind, candidate): 0.5 for kind in range(3) for candidate in range(2)}


def test_a_person_grows_from_its_surest_keypoint_in_either_direction_of_limbs():
    pairs = [(0, 0, 0), (1, 0, 1)]
    assert grown(pairs, [1.0, 0.5], {(0, 0): 0.2, (1, 0): 0.9, (2, 1): 0.3}) == [{0: 0, 1: 0, 2: 1}]


def test_the_surest_keypoint_takes_first_even_along_a_weaker_limb():
    pairs, strength = [(0, 0, 0), (0, 1, 0)], [0.4, 0.8]
    sureness = {(0, 0): 0.9, (0, 1): 0.5, (1, 0): 0.6}
    assert grown(pairs, strength, sureness) == [{0: 0, 1: 0}, {0: 1}]
    assert grown(pairs, strength, sureness | {(1, 0): 1.0}) == [{0: 1, 1: 0}, {0: 0}]


def test_the_strongest_way_to_a_type_is_taken():
    pairs = [(0, 0, 0), (1, 0, 0), (2, 0, 1)]
    assert grown(pairs, [0.9, 0.8, 0.7], ALL | {(0, 0): 1.0})[0] == {0: 0, 1: 0, 2: 0}
    assert grown(pairs, [0.8, 0.7, 0.9], ALL | {(0, 0): 1.0})[0] == {0: 0, 1: 0, 2: 1}


def test_a_person_that_is_dropped_gives_its_keypoints_back():
    sureness = {(0, 0): 0.9, (1, 0): 0.5, (0, 1): 0.6, (2, 0): 0.5}
    pairs, strength = [(0, 0, 0), (0, 1, 0), (2, 1, 0)], [0.5, 0.5, 0.5]
    assert grown(pairs, strength, sureness, least=3) == [{0: 1, 1: 0, 2: 0}]


def test_padding_and_nobody():
    assert grown([], [], {(0, 0): 0.0}) == []
    assert grown([], [], {(0, 0): 0.3}) == [{0: 0}]


def test_never_two_keypoints_of_a_type_and_never_one_keypoint_in_two_persons():
    rng = np.random.default_rng(0)
    for _ in range(100):
        size = int(rng.integers(1, 6))
        pairs = [(limb, i, j) for limb in range(3) for i in range(size) for j in range(size) if rng.random() < 0.5]
        sureness = {(kind, i): float(rng.random()) + 0.01 for kind in range(3) for i in range(size)}
        people = grown(pairs, rng.random(len(pairs)), sureness)
        used = [pair for person in people for pair in person.items()]
        assert sorted(used) == sorted(sureness)
