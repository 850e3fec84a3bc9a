from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.densepose_coco import DENSEPOSE_COCO as PEOPLE
from mghp.datasets.mhp_v2 import MHP_V2_TREE
from mghp.pictures.assignments import LimbAssignment, assignments_picture
from mghp.pictures.canvas import blended, dimmed, smooth_cells, spread_cells
from mghp.pictures.convergence import trace_picture
from mghp.pictures.heatmaps import candidates_overlay, heatmaps_overlay
from mghp.pictures.legend import panel_legend, parts_legend
from mghp.pictures.panel import people_panel
from mghp.pictures.parts import parts_overlay
from mghp.pictures.persons import match_persons, matched_colours, person_colours, persons_overlay
from mghp.pictures.picture_fields import PictureFields, picture_fields
from mghp.pictures.png import write_png
from mghp.pictures.sheet import choose_examples, panels_sheet
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT, keypoint_colours, limb_colours
from mghp.pictures.skeletons import skeletons_overlay
from mghp.pictures.vector_fields import limb_fields_overlay, projection_overlay
from mghp.pictures.wheel import vector_colours

SIZES = [(64, 48), (101, 67), (5, 3)]
SKELETON = PEOPLE.skeleton


def photo(size, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (*size, 3), dtype=np.uint8)


def labels_of(size, seed, num_persons=3):
    """Parts, person ids and keypoints without sense, of right shapes."""
    rng = np.random.default_rng(seed)
    ids = rng.integers(0, num_persons + 1, size).astype(np.int16)
    parts = np.where(ids > 0, rng.integers(1, PEOPLE.num_labels, size), 0).astype(np.uint8)
    keypoints = rng.random((num_persons, PEOPLE.num_keypoints, 3)).astype(np.float32) * [size[1], size[0], 1]
    keypoints[..., 2] = rng.integers(0, 3, keypoints.shape[:2])
    return TruePersons(parts=parts, person_ids=ids, keypoints=keypoints)


def nobody(size):
    keypoints = np.zeros((0, PEOPLE.num_keypoints, 3), np.float32)
    return TruePersons(parts=np.zeros(size, np.uint8), person_ids=np.zeros(size, np.int16), keypoints=keypoints)


def found(people):
    """The same as a parser's result; of a hidden keypoint it is unsure."""
    count = len(people.keypoints)
    scores, part_scores = np.ones(count), np.ones((count, PEOPLE.num_labels))
    keypoints = people.keypoints * [1, 1, 0.5]
    return PredictedPersons(people.parts, people.person_ids, scores, part_scores, keypoints)


def fields_of(size, keypoint_stride=4, limb_stride=8, projection_stride=2, seed=0):
    rng = np.random.default_rng(seed)

    def cells(stride):
        return -(-size[0] // stride), -(-size[1] // stride)

    return PictureFields(
        heatmaps=rng.random((PEOPLE.num_keypoints, *cells(keypoint_stride)), dtype=np.float32),
        limb_fields=rng.normal(size=(PEOPLE.num_limbs, 2, *cells(limb_stride))).astype(np.float32),
        projection=rng.normal(0, 9, size=(2, *cells(projection_stride))).astype(np.float32),
        keypoint_stride=keypoint_stride,
        limb_stride=limb_stride,
        projection_stride=projection_stride,
    )


def assert_picture(picture, height=None, width=None):
    assert picture.dtype == np.uint8
    assert picture.ndim == 3
    assert picture.shape[2] == 3
    assert height is None or picture.shape[:2] == (height, width)


def hue_direction(colour, like):
    """Whether a colour is nearest to one of several."""
    names = list(like)
    return names[int(np.argmin([np.abs(np.subtract(colour, like[name], dtype=float)).sum() for name in names]))]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("zoom", [1, 2, 3])
def test_overlays_have_the_enlarged_pictures_shape(size, zoom):
    image, people, fields = photo(size), labels_of(size, 1), fields_of(size)
    human = people.person_ids > 0
    candidates, types = people.keypoints.reshape(-1, 3), np.tile(np.arange(PEOPLE.num_keypoints), 3)
    for picture in (
        parts_overlay(image, people.parts, PEOPLE.parts, zoom=zoom),
        persons_overlay(image, people.person_ids, zoom=zoom),
        skeletons_overlay(image, people.keypoints, SKELETON, zoom=zoom),
        heatmaps_overlay(image, fields.heatmaps, 4, SKELETON, zoom=zoom),
        candidates_overlay(image, candidates, types, SKELETON, zoom=zoom),
        limb_fields_overlay(image, fields.limb_fields, 8, zoom=zoom),
        projection_overlay(image, fields.projection, 2, human, arrow_spacing=5, zoom=zoom),
    ):
        assert_picture(picture, size[0] * zoom, size[1] * zoom)


@pytest.mark.parametrize("strides", [(1, 1, 1), (4, 4, 2), (8, 2, 16)])
@pytest.mark.parametrize("size", [(64, 48), (101, 67)])
def test_panels_take_fields_of_any_strides(size, strides):
    image = photo(size)
    panel = people_panel(image, found(labels_of(size, 1)), labels_of(size, 2), fields_of(size, *strides), PEOPLE)
    assert_picture(panel)
    assert panel.shape[1] >= 10 * 2 * size[1]


def test_a_panel_with_centres_shows_them_white_among_the_heatmaps():
    image, people = photo((64, 48)), labels_of((64, 48), 1)
    fields = fields_of((64, 48))
    centers = np.zeros((1, 16, 12), np.float32)
    centers[0, 8, 6] = 1
    of_centers = replace(fields, heatmaps=0 * fields.heatmaps, centers=centers)
    panel = people_panel(image, found(people), people, of_centers, PEOPLE)
    plain = people_panel(image, found(people), people, replace(of_centers, centers=None), PEOPLE)
    assert panel.shape == plain.shape
    planes = np.concatenate([of_centers.heatmaps, centers])
    overlay = heatmaps_overlay(image, planes, 4, SKELETON, zoom=1)
    assert hue_direction(overlay[34, 26], {"white": MIDDLE, "dark": (0, 0, 0), "green": (38, 255, 38)}) == "white"


def test_a_cell_covers_its_pixels():
    cells = np.arange(6).reshape(2, 3)
    large = spread_cells(cells, 4, (7, 9), 2)
    rows, columns = np.indices((14, 18))
    np.testing.assert_array_equal(large, cells[rows // 8, columns // 8])


def test_smoothed_cells_keep_their_value_at_the_centre():
    cells = np.random.default_rng(0).random((3, 4, 2)).astype(np.float32)
    large = smooth_cells(cells, 3, (9, 12), 3)  # 9 pixels a cell: the middle one lies on the centre
    np.testing.assert_allclose(large[4::9, 4::9], cells, atol=1e-5)


def test_parts_have_their_colours_where_their_labels_are():
    labels = np.zeros((20, 30), np.uint8)
    for label in range(1, PEOPLE.num_labels):
        labels[:, label] = label
    picture = parts_overlay(photo(labels.shape), labels, PEOPLE.parts, zoom=2)
    palette = dict(enumerate(PEOPLE.parts.colours, start=1))
    for label in palette:
        colour = picture[:, 2 * label : 2 * label + 2].mean((0, 1))
        assert hue_direction(colour, palette) == label
    np.testing.assert_array_equal(picture[:, 40:], dimmed(photo(labels.shape), 2)[:, 40:])


def test_unknown_parts_are_striped():
    image, labels = photo((24, 24)), np.zeros((24, 24), np.uint8)
    labels[:12] = 255
    picture, background = parts_overlay(image, labels, PEOPLE.parts), dimmed(image, 2)
    striped = (picture != background).any(-1)
    assert 0.2 < striped[:24].mean() < 0.5
    assert not striped[24:].any()


def test_grey_parts_stand_out_from_a_bright_photo():
    image = np.full((16, 16, 3), 255, np.uint8)
    labels = np.zeros((16, 16), np.uint8)
    labels[:, :8] = 1
    picture = parts_overlay(image, labels, PEOPLE.parts).astype(int)
    assert np.abs(picture[16, 4] - picture[16, 28]).max() > 60


@pytest.mark.parametrize("seed", range(5))
def test_matched_persons_have_one_colour(seed):
    rng = np.random.default_rng(seed)
    true_ids = np.repeat(np.arange(1, 7), 8)[:, None].repeat(20, axis=1)
    order = rng.permutation(6)
    predicted_ids = np.concatenate([[0], np.argsort(order) + 1])[true_ids]
    matched = match_persons(predicted_ids, true_ids, 6, 6)
    np.testing.assert_array_equal(matched, order)
    image = photo(true_ids.shape)
    np.testing.assert_array_equal(
        persons_overlay(image, true_ids, person_colours(6)),
        persons_overlay(image, predicted_ids, matched_colours(matched, 6)),
    )


def test_persons_that_match_nobody_have_colours_of_their_own():
    colours = matched_colours(np.array([-1, 1, -1]), 2)
    np.testing.assert_array_equal(colours, person_colours(4)[[2, 1, 3]])


def test_persons_that_overlap_nobody_match_nobody():
    true_ids, predicted_ids = np.zeros((4, 4), int), np.zeros((4, 4), int)
    true_ids[0], predicted_ids[3] = 1, 1
    np.testing.assert_array_equal(match_persons(predicted_ids, true_ids, 2, 1), [-1, -1])
    assert match_persons(0 * predicted_ids, true_ids, 0, 1).shape == (0,)


def test_thirty_persons_have_thirty_colours():
    assert len(np.unique(person_colours(30), axis=0)) == 30
    first = person_colours(10).astype(int)
    distance = np.abs(first[:, None] - first[None]).sum(-1) + 1000 * np.eye(10)
    assert distance.min() > 80


def test_the_right_side_is_warm_and_the_left_one_cool():
    for skeleton in (SKELETON, MHP_V2_TREE):
        for name, (red, _, blue) in zip(skeleton.keypoints, keypoint_colours(skeleton), strict=True):
            assert (red > blue) == name.startswith("right_")
            assert (blue > red) == name.startswith("left_")
    by_limb = dict(zip(SKELETON.limbs, limb_colours(SKELETON), strict=True))
    assert (by_limb[15, 13], by_limb[16, 14], by_limb[11, 12]) == (LEFT, RIGHT, MIDDLE)


def test_dots_lie_on_their_keypoints_filled_or_hollow():
    keypoints = np.zeros((1, PEOPLE.num_keypoints, 3), np.float32)
    keypoints[0, 9], keypoints[0, 10] = (10.5, 20.5, 2), (40.5, 5.5, 1)  # left and right wrist; no limb between
    image = np.full((32, 48, 3), 90, np.uint8)
    picture = skeletons_overlay(image, keypoints, SKELETON, zoom=4)
    assert hue_direction(picture[82, 42], {"left": LEFT, "right": RIGHT, "black": (0, 0, 0)}) == "left"
    hollow = picture[16:28, 156:168].reshape(-1, 3)
    assert hue_direction(picture[22, 162], {"left": LEFT, "right": RIGHT, "black": (0, 0, 0)}) == "black"
    assert (np.abs(hollow.astype(int) - RIGHT).sum(-1) < 60).any()


def test_keypoints_not_found_are_not_drawn():
    image = photo((32, 32))
    keypoints = np.zeros((2, PEOPLE.num_keypoints, 3), np.float32)
    missing = skeletons_overlay(image, keypoints, SKELETON)
    np.testing.assert_array_equal(missing, skeletons_overlay(image, keypoints[:0], SKELETON))


def test_limbs_have_their_persons_colour():
    keypoints = np.zeros((1, PEOPLE.num_keypoints, 3), np.float32)
    keypoints[0, 5], keypoints[0, 7] = (4, 8.5, 2), (28, 8.5, 2)
    colour = np.array([[200, 30, 150]], np.uint8)
    picture = skeletons_overlay(np.zeros((16, 32, 3), np.uint8), keypoints, SKELETON, colour, zoom=3)
    np.testing.assert_allclose(picture[25, 48], colour[0], atol=5)


def test_heatmaps_show_where_and_which():
    heatmaps = np.zeros((PEOPLE.num_keypoints, 8, 8), np.float32)
    heatmaps[9, 2, 3], heatmaps[10, 6, 6] = 1, 1
    image = np.zeros((32, 32, 3), np.uint8)
    picture = heatmaps_overlay(image, heatmaps, 4, SKELETON, zoom=1).astype(int)
    left, right = picture[10, 14], picture[26, 26]
    assert left[2] > left[0] + 80
    assert right[0] > right[2] + 80
    np.testing.assert_array_equal(picture[0, 28], dimmed(image, 1)[0, 28])


def test_opposite_vectors_have_complementary_hues():
    vectors = np.array([[3.0, 4.0], [-3.0, -4.0], [0.0, 0.0]])
    there, back, none = vector_colours(vectors, 5.0).astype(int)
    np.testing.assert_allclose(there + back, there[0] + back[0], atol=2)
    np.testing.assert_array_equal(none, 255)


def test_the_wheel_shows_a_hue_in_its_own_direction():
    image = np.zeros((96, 96, 3), np.uint8)
    for direction in ((1, 0), (0, 1), (-1, 0), (0, -1)):
        projection = np.broadcast_to(np.array(direction, float)[:, None, None] * 100, (2, 48, 48))
        picture = projection_overlay(image, projection, 2, zoom=2)
        diameter = 192 // 6
        centre = 192 - diameter // 2 - 2
        at = centre + 11 * direction[1], centre + 11 * direction[0]
        shown = picture[5, 5] / picture[5, 5].max()
        wheel = picture[at] / picture[at].max()
        assert np.abs(shown - wheel).max() < 0.35


def test_the_field_is_shown_on_human_pixels_only():
    image, human = photo((24, 24)), np.zeros((24, 24), bool)
    human[4:8, 4:8] = True
    picture = projection_overlay(image, np.ones((2, 12, 12)), 2, human, zoom=2)
    changed = (picture != dimmed(image, 2)).any(-1)
    assert changed[8:16, 8:16].all()
    changed[8:16, 8:16] = False
    assert not changed[:34].any()


def test_arrows_point_where_the_field_does():
    projection = np.zeros((2, 40, 40), np.float32)
    projection[0] = 12
    human = np.zeros((40, 40), bool)
    human[8, 8] = True
    plain, arrows = (
        projection_overlay(photo((40, 40)), projection, 1, human, arrow_spacing=n, zoom=3) for n in (0, 16)
    )
    rows, columns = np.nonzero((plain != arrows).any(-1))
    assert abs(columns.min() - 3 * 8.5) < 3
    assert abs(columns.max() - 3 * 20.5) < 3
    assert np.abs(rows - 3 * 8.5).max() < 8


@pytest.mark.parametrize("with_fields", [False, True])
def test_a_picture_without_people_has_a_panel(with_fields):
    size = 33, 20
    fields = fields_of(size) if with_fields else None
    crowd, empty = labels_of(size, 0), nobody(size)
    for predicted, true in ((empty, empty), (crowd, empty), (empty, crowd)):
        assert_picture(people_panel(photo(size), found(predicted), true, fields, PEOPLE))


def test_persons_without_keypoints_have_colours():
    size = 24, 24
    crowd, no_keypoints = labels_of(size, 0), labels_of(size, 0)
    no_keypoints.keypoints = crowd.keypoints[:0]
    assert_picture(people_panel(photo(size), found(crowd), no_keypoints, None, PEOPLE))


def test_panels_wrap_into_columns():
    size = 64, 48
    people = labels_of(size, 0)
    row = people_panel(photo(size), found(people), people, fields_of(size), PEOPLE)
    wrapped = people_panel(photo(size), found(people), people, fields_of(size), PEOPLE, columns=5)
    assert wrapped.shape[:2] == (2 * row.shape[0], row.shape[1] // 2)


def test_a_given_matching_decides_colours():
    size = 24, 24
    people = labels_of(size, 3)
    by_iou = people_panel(photo(size), found(people), people, None, PEOPLE)
    same = people_panel(photo(size), found(people), people, None, PEOPLE, matched=np.arange(3))
    other = people_panel(photo(size), found(people), people, None, PEOPLE, matched=np.array([1, 0, 2]))
    np.testing.assert_array_equal(by_iou, same)
    assert (by_iou != other).any()


def test_sheets_stack_panels_of_any_size():
    sheet = panels_sheet([photo((20, 50)), photo((30, 90))], ["best: 0.7", "worst: 0.1"], footer=photo((5, 300)))
    assert_picture(sheet)
    assert sheet.shape[1] == 300 + 20
    assert (sheet[:10] == 255).all()
    assert_picture(panels_sheet([], []))
    with pytest.raises(ValueError, match="1 panels and 0 titles"):
        panels_sheet([photo((4, 4))], [])


def test_examples_are_the_best_the_middle_and_the_worst():
    scores = np.random.default_rng(0).permutation(101) / 100
    chosen = choose_examples([*scores, np.nan], 3)
    np.testing.assert_allclose(scores[chosen["best"]], [1.0, 0.99, 0.98])
    np.testing.assert_allclose(scores[chosen["typical"]], [0.51, 0.5, 0.49])
    np.testing.assert_allclose(scores[chosen["worst"]], [0.02, 0.01, 0.0])


@pytest.mark.parametrize("scores", [[], [0.5], [np.nan], [0.1, 0.1]])
def test_few_pictures_are_examples_too(scores):
    scored = [k for k, score in enumerate(scores) if not np.isnan(score)]
    assert choose_examples(scores, 3) == dict.fromkeys(("best", "typical", "worst"), scored)


@pytest.mark.parametrize("shape", [(3, 4), (1, 1), (0, 3), (40, 60)])
def test_assignments_of_any_size_have_a_picture(shape):
    values = np.random.default_rng(0).random(shape)
    truth = np.zeros(shape)
    np.fill_diagonal(truth, 1)
    limbs = [LimbAssignment("left hip to left knee", values, truth), LimbAssignment("nose to left eye", values)]
    assert_picture(assignments_picture(limbs, columns=2))
    assert_picture(assignments_picture([]))


def test_true_pairs_are_framed():
    values, truth = np.eye(3), np.eye(3)
    framed, plain = (assignments_picture([LimbAssignment("limb", values, t)]) for t in (truth, None))
    orange = (framed == (230, 80, 0)).all(-1).sum()
    assert orange > 3 * 4 * 20
    assert not (plain == (230, 80, 0)).all(-1).any()


@pytest.mark.parametrize("shape", [(50, 19), (1, 1), (0, 0)])
def test_a_trace_has_a_plot(shape):
    gap = np.random.default_rng(0).random(shape)
    assert_picture(trace_picture(gap, 0 * gap, width=400, height=300), 300, 400)


def test_legends_name_all_parts_within_their_width():
    narrow, wide = (parts_legend(PEOPLE.parts, width) for width in (200, 2000))
    assert narrow.shape[0] > wide.shape[0]
    assert narrow.shape[1] == 200
    for colour in PEOPLE.parts.colours:
        assert (narrow == colour).all(-1).any()
    assert panel_legend(PEOPLE.parts, 900).shape[1] == 900


def test_fields_of_a_batch_are_taken_by_row():
    torch = pytest.importorskip("torch")
    fields = SimpleNamespace(
        heatmaps=torch.rand(2, 17, 4, 4, requires_grad=True),
        limb_fields=torch.rand(2, 19, 2, 4, 4).bfloat16(),
        projection=torch.rand(2, 2, 8, 8),
        keypoint_stride=4,
        limb_stride=4,
        projection_stride=2,
        centers=torch.rand(2, 1, 4, 4),
    )
    taken = picture_fields(fields, 1)
    np.testing.assert_array_equal(taken.heatmaps, fields.heatmaps[1].detach().numpy())
    assert taken.limb_fields.shape == (19, 2, 4, 4)
    assert taken.projection_stride == 2
    np.testing.assert_array_equal(taken.centers, fields.centers[1].numpy())


def test_pictures_and_files_are_the_same_twice(tmp_path):
    size = 40, 30

    def draw(name):
        people = labels_of(size, 0)
        return write_png(
            tmp_path / name / "p.png", people_panel(photo(size), found(people), people, fields_of(size), PEOPLE)
        )

    first, second = draw("one"), draw("two")
    assert first.read_bytes() == second.read_bytes()
    assert Image.open(first).mode == "RGB"


def test_files_give_back_the_picture(tmp_path):
    picture = photo((7, 9))
    np.testing.assert_array_equal(np.asarray(Image.open(write_png(tmp_path / "p.png", picture))), picture)


def test_nothing_drawn_on_is_changed():
    size = 24, 24
    image, people = photo(size), labels_of(size, 0)
    copies = image.copy(), people.parts.copy(), people.keypoints.copy()
    people_panel(image, found(people), people, fields_of(size), PEOPLE)
    for now, before in zip((image, people.parts, people.keypoints), copies, strict=True):
        np.testing.assert_array_equal(now, before)


def test_full_opacity_is_the_colour():
    background, colours = photo((4, 4)), photo((4, 4), seed=1)
    np.testing.assert_array_equal(blended(background, colours, np.ones((4, 4))), colours)
    np.testing.assert_array_equal(blended(background, colours, np.zeros((4, 4))), background)
