"""What a reader sees of a parsed photograph: a large person, a small one, and a photograph that stays a photograph."""

import numpy as np
import pytest

from mghp.anatomy.persons import PredictedPersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO as PEOPLE
from mghp.pictures.outlines import with_outlines
from mghp.pictures.parsed import parsed_sheet, parts_on_photo, persons_on_photo
from mghp.pictures.person_numbers import with_numbers
from mghp.pictures.persons import person_colours
from mghp.pictures.sides import LEFT, RIGHT

HEIGHT, WIDTH = 600, 800
TORSO, HEAD = (PEOPLE.parts.names.index(name) + 1 for name in ("torso", "head"))


def two_persons():
    """A large one with both shoulders and hips, and a small one in the same pose."""
    parts, ids = np.zeros((HEIGHT, WIDTH), np.int64), np.zeros((HEIGHT, WIDTH), np.int64)
    keypoints = np.zeros((2, 17, 3))
    for row, (top, left, size) in enumerate(((100, 100, 400), (300, 600, 60))):
        ids[top : top + size, left : left + size] = row + 1
        parts[top : top + size, left : left + size] = TORSO
        parts[top : top + size // 4, left : left + size] = HEAD
        for keypoint, (x, y) in {5: (0.75, 0.5), 6: (0.25, 0.5), 11: (0.75, 0.9), 12: (0.25, 0.9)}.items():
            keypoints[row, keypoint] = left + x * size, top + y * size, 0.9
    return PredictedPersons(parts, ids, np.ones(2), np.ones((2, 15)), keypoints)


def grey():
    return np.full((HEIGHT, WIDTH, 3), 140, np.uint8)


def nobody(size):
    none = np.zeros(size, np.int64)
    return PredictedPersons(none, none, np.zeros(0), np.zeros((0, 15)), np.zeros((0, 17, 3)))


def near(colour, other, most=40):
    return np.abs(np.subtract(colour, other, dtype=float)).max() < most


def test_what_is_nobody_s_stays_the_photograph():
    image = np.random.default_rng(0).integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8)
    found = two_persons()
    for draw in (parts_on_photo, persons_on_photo):
        np.testing.assert_array_equal(draw(image, found, PEOPLE)[:50], image[:50])


def test_parts_have_their_colours_and_a_line_between_them():
    drawn = parts_on_photo(grey(), two_persons(), PEOPLE)
    expected = 0.7 * np.array(PEOPLE.parts.colours[HEAD - 1]) + 0.3 * 140
    assert near(drawn[150, 300], expected, 3)
    assert drawn[199:201, 300].max() < drawn[150, 300].min()


def test_the_colours_of_persons_differ_and_both_have_a_dark_edge_outside():
    drawn = persons_on_photo(grey(), two_persons(), PEOPLE)
    first, second = person_colours(2)
    assert near(drawn[150, 300], 0.5 * first + 70, 3)
    assert near(drawn[310, 630], 0.5 * second + 70, 3)
    assert drawn[99, 110].max() == 0
    np.testing.assert_array_equal(drawn[101, 110], first)


def limb_width(drawn, row, columns, colour):
    return sum(near(drawn[row, column], colour) for column in columns)


def test_limbs_are_the_thicker_the_larger_the_person():
    drawn = persons_on_photo(grey(), two_persons(), PEOPLE)
    first, second = person_colours(2)
    large = limb_width(drawn, 380, range(190, 210), first)  # between the right shoulder and hip
    small = limb_width(drawn, 342, range(608, 622), second)
    assert large >= 4
    assert 1 <= small < large


def test_dots_tell_the_side_and_are_hollow_where_unsure():
    found = two_persons()
    drawn = persons_on_photo(grey(), found, PEOPLE)
    assert near(drawn[300, 400], LEFT)
    assert near(drawn[300, 200], RIGHT)
    found.keypoints[..., 2] = 0.1
    assert persons_on_photo(grey(), found, PEOPLE)[300, 400].max() == 0


def test_numbers_stand_above_heads_within_the_picture_the_larger_the_taller_the_person():
    found, colours = two_persons(), person_colours(2)
    changed = (with_numbers(grey(), found.person_ids, colours) != 140).any(-1)
    assert changed[70:100, 290:310].any()
    assert changed[280:300, 620:640].any()
    assert changed[:, :450].sum() > changed[:, 450:].sum()
    moved = np.roll(found.person_ids, -100, axis=0)  # the head at the upper edge
    assert (with_numbers(grey(), moved, colours)[:30, 290:310] != 140).any()


def test_a_single_person_needs_no_number():
    found = two_persons()
    found.person_ids[found.person_ids == 2] = 0
    alone = PredictedPersons(found.parts, found.person_ids, np.ones(1), np.ones((1, 15)), found.keypoints[:1])
    drawn = persons_on_photo(grey(), alone, PEOPLE)
    assert (drawn[70:95, 290:310] == 140).all()


@pytest.mark.parametrize("size", [(1, 1), (30, 40), (1700, 40), (5, 3)])
def test_a_sheet_has_two_pictures_of_readable_size(size):
    sheet = parsed_sheet(np.zeros((*size, 3), np.uint8), nobody(size), PEOPLE)
    assert sheet.dtype == np.uint8
    assert 800 <= max(sheet.shape) <= 3300


def test_the_legend_names_only_parts_that_are_there():
    found = two_persons()
    tall = parsed_sheet(grey(), found, PEOPLE)
    empty = parsed_sheet(grey(), nobody((HEIGHT, WIDTH)), PEOPLE)
    assert tall.shape[1] == empty.shape[1]
    legend = tall[empty.shape[0] :].reshape(-1, 3)
    present = {tuple(colour) for colour in np.unique(legend, axis=0).tolist()}
    named = {name for name, colour in zip(PEOPLE.parts.names, PEOPLE.parts.colours, strict=True) if colour in present}
    assert named == {"torso", "head"}
    assert {LEFT, RIGHT} <= present


def test_outlines_of_touching_persons_are_both_seen():
    ids = np.repeat([1, 2], 10)[None].repeat(20, 0)
    colours = np.array([(255, 0, 0), (0, 255, 0)], np.uint8)
    drawn = with_outlines(np.zeros((20, 20, 3), np.uint8), ids, colours, width=2)
    assert drawn[10, 8:12].tolist() == [[255, 0, 0]] * 2 + [[0, 255, 0]] * 2
    assert drawn[10, [0, 7, 12, 19]].max() == 0
