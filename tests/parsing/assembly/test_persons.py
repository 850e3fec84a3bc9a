import numpy as np

from mghp.parsing.assembly.persons import merge_limbs

LIMBS = ((0, 1), (1, 2), (0, 2))


def merged(pairs, strength, counts=(2, 2, 2), least=1):
    """`pairs`: (limb, source, destination) triples with a strength each."""
    number = max(counts)
    is_limb = np.zeros((len(LIMBS), number, number), bool)
    affinity = np.zeros(is_limb.shape)
    for pair, value in zip(pairs, strength, strict=True):
        is_limb[pair], affinity[pair] = True, value
    # A candidate's x is its type, its y its number.
    positions = np.stack(np.meshgrid(np.arange(3.0), np.arange(float(number)), indexing="ij"), -1)
    scores = np.full((3, number), 0.5)
    keypoints = merge_limbs(is_limb, affinity, positions, scores, LIMBS, least)
    return [{kind: int(person[kind, 1]) for kind in range(3) if person[kind, 2] > 0} for person in keypoints]


def test_limbs_that_share_a_keypoint_are_one_person():
    assert merged([(0, 0, 0), (1, 0, 1)], [1.0, 0.5]) == [{0: 0, 1: 0, 2: 1}]


def test_two_persons_in_the_order_of_their_strongest_limb():
    assert merged([(0, 0, 1), (0, 1, 0)], [0.3, 0.8]) == [{0: 1, 1: 0}, {0: 0, 1: 1}]


def test_the_weakest_of_contradicting_limbs_loses():
    # 0-1 and 1-2 join source 0 with destination 0; 0-2 would give the person a second keypoint of type 2.
    people = merged([(0, 0, 0), (1, 0, 0), (2, 0, 1)], [0.9, 0.8, 0.7])
    assert people[0] == {0: 0, 1: 0, 2: 0}
    assert {2: 1} in people
    # The other way round the strong 0-2 limb wins, and 1-2 is what contradicts it.
    people = merged([(0, 0, 0), (1, 0, 0), (2, 0, 1)], [0.8, 0.7, 0.9])
    assert people[0] == {0: 0, 1: 0, 2: 1}


def test_never_two_keypoints_of_a_type_and_never_one_keypoint_in_two_persons():
    rng = np.random.default_rng(0)
    for _ in range(200):
        size = int(rng.integers(1, 6))
        pairs = []
        for limb in range(3):
            rows, columns = rng.permutation(size), rng.permutation(size)
            pairs += [(limb, int(i), int(j)) for i, j in zip(rows, columns, strict=True) if rng.random() < 0.8]
        people = merged(pairs, rng.random(len(pairs)), (size,) * 3)
        used = [pair for person in people for pair in person.items()]
        assert len(used) == len(set(used))
        assert {(LIMBS[limb][0], i) for limb, i, _ in pairs} <= set(used)


def test_persons_with_too_few_keypoints_are_dropped():
    assert merged([(0, 0, 0), (1, 0, 1), (0, 1, 1)], [1.0, 0.5, 0.9], least=3) == [{0: 0, 1: 0, 2: 1}]


def test_equal_strength_is_decided_by_the_order_of_limbs():
    pairs = [(0, 0, 0), (1, 0, 0), (2, 0, 1)]
    assert merged(pairs, [0.5] * 3)[0] == {0: 0, 1: 0, 2: 0}


def test_no_limb_is_nobody():
    assert merged([], []) == []
