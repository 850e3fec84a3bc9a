import numpy as np

from mghp.pictures.limb_pairs import DESTINATION, SOURCE, limb_pairs_overlay

GREY = np.full((60, 80, 3), 128, np.uint8)
SOURCES, DESTINATIONS = np.array([[20.0, 10.0], [20.0, 50.0]]), np.array([[60.0, 10.0], [60.0, 50.0]])


def test_candidates_are_dots_and_only_joined_pairs_have_a_line():
    joined = np.array([[True, False], [False, False]])
    drawn = limb_pairs_overlay(GREY, SOURCES, DESTINATIONS, joined, zoom=2)
    assert drawn.shape == (120, 160, 3)
    for points, colour in ((SOURCES, SOURCE), (DESTINATIONS, DESTINATION)):
        assert all(tuple(drawn[int(2 * y), int(2 * x)]) == colour for x, y in points)
    assert (drawn[20, 80] == 255).all()
    assert (drawn[100, 80] < 255).all()
    assert (drawn[60, 80] < 255).all()


def test_a_limb_without_candidates_leaves_the_photo():
    nothing = np.zeros((0, 2))
    drawn = limb_pairs_overlay(GREY, nothing, nothing, np.zeros((0, 0)), zoom=1)
    assert len(np.unique(drawn)) == 1
