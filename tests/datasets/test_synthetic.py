import dataclasses
import math
import multiprocessing

import numpy as np
import pytest

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import VISIBLE
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.synthetic.body import draw_body
from mghp.datasets.synthetic.contact_sheet import contact_sheet
from mghp.datasets.synthetic.figure import paint_figure
from mghp.datasets.synthetic.measured_difficulty import set_difficulty
from mghp.datasets.synthetic.outfit import draw_outfit
from mghp.datasets.synthetic.painting import Canvas
from mghp.datasets.synthetic.render import _SEEN_PARTS
from mghp.datasets.synthetic.scenes import STRESS


@pytest.fixture(scope="module")
def crowd():
    return [render(SCENES["default"], index, seed=1) for index in range(60)]


def arrays(sample):
    return sample.image, sample.parts, sample.person_ids, sample.keypoints


def render_in_process(index):
    return arrays(render(SCENES["hard"], index, seed=3, size=64))


def test_a_picture_is_the_same_in_every_process_and_whatever_came_before():
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        elsewhere = pool.map(render_in_process, [7, 2])
    for index, other in zip((7, 2), elsewhere, strict=True):
        assert all(np.array_equal(ours, theirs) for ours, theirs in zip(render_in_process(index), other, strict=True))


def test_seed_index_and_scene_each_make_another_picture():
    first = render(SCENES["default"], 0, seed=1, size=64).image
    others = [
        render(SCENES["default"], 1, seed=1, size=64),
        render(SCENES["default"], 0, seed=2, size=64),
        render(SCENES["hard"], 0, seed=1, size=64),
    ]
    assert all((other.image != first).mean() > 0.5 for other in others)


def test_every_visible_keypoint_lies_on_a_pixel_of_its_person_that_shows_a_part_next_to_it(crowd):
    """Tolerance: none. The pixel that holds the keypoint is the person's."""
    seen = 0
    for sample in crowd:
        for row, pose in enumerate(sample.keypoints):
            for keypoint, (x, y, visibility) in enumerate(pose):
                if visibility == VISIBLE:
                    assert sample.person_ids[int(y), int(x)] == row + 1
                    assert sample.parts[int(y), int(x)] in _SEEN_PARTS[keypoint]
                    seen += 1
    assert seen > 1000


def test_parts_and_persons_cover_the_same_pixels(crowd):
    for sample in crowd:
        assert np.array_equal(sample.parts > 0, sample.person_ids > 0)
        assert sample.parts.max() < DENSEPOSE_COCO.num_labels
        assert set(np.unique(sample.person_ids)) - {0} == set(range(1, len(sample.keypoints) + 1))


def test_keypoints_outside_the_picture_are_not_annotated(crowd):
    for sample in crowd:
        positions, annotated = sample.keypoints[..., :2], sample.keypoints[..., 2] > 0
        assert (positions[annotated] >= 0).all()
        assert (positions[annotated] < 128).all()
        assert (positions[~annotated] == 0).all()


def test_left_is_left_for_those_who_show_their_face(crowd):
    """Upright people whose both eyes are seen: their left shoulder is on the picture's right."""
    names = DENSEPOSE_COCO.skeleton.keypoints
    eyes = [names.index("left_eye"), names.index("right_eye")]
    left, right = names.index("left_shoulder"), names.index("right_shoulder")
    hips, compared, agree = names.index("left_hip"), 0, 0
    for sample in crowd:
        for pose in sample.keypoints:
            upright = pose[left, 2] and pose[hips, 2] and pose[left, 1] < pose[hips, 1] - 10
            if upright and (pose[eyes, 2] == VISIBLE).all() and pose[right, 2]:
                compared += 1
                agree += pose[left, 0] > pose[right, 0]
    assert compared >= 10
    assert agree >= 0.9 * compared


@pytest.mark.parametrize(
    ("scene", "persons", "upside_down"), [("simple", (1, 4), 0.0), ("default", (1, 6), 0.05), ("hard", (2, 7), 0.05)]
)
def test_scenes(scene, persons, upside_down):
    samples = [render(SCENES[scene], index, seed=4, size=64) for index in range(80)]
    numbers = [len(sample.keypoints) for sample in samples]
    assert persons[0] <= min(numbers)
    assert max(numbers) <= persons[1]
    assert np.mean(["upside_down" in sample.tags for sample in samples]) >= upside_down
    if scene == "simple":
        assert not any("dim" in sample.tags or "human_like" in sample.tags for sample in samples)


def test_tags_say_what_is_special(crowd):
    tags = {tag for sample in crowd for tag in sample.tags}
    assert {"upside_down", "dim", "small", "overlap", "human_like"} <= tags
    brightness = {dim: np.mean([s.image.mean() for s in crowd if ("dim" in s.tags) == dim]) for dim in (True, False)}
    assert brightness[True] < 0.6 * brightness[False]


def test_scenes_differ_in_difficulty():
    by_scene = {
        name: set_difficulty(render(scene, index, seed=1) for index in range(60)) for name, scene in SCENES.items()
    }
    for easier, harder in (("simple", "default"), ("default", "hard")):
        a, b = by_scene[easier], by_scene[harder]
        assert a["persons_per_picture"] < b["persons_per_picture"]
        assert a["box_overlap"] < b["box_overlap"]
        assert a["keypoints_visible"] > b["keypoints_visible"]
        assert a["nearest_keypoint_grouping"] > b["nearest_keypoint_grouping"]


def test_difficulty_of_a_picture_by_hand():
    ids = np.zeros((10, 10), np.int16)
    ids[0:4, 0:2], ids[0:4, 2:4] = 1, 2
    keypoints = np.zeros((2, 17, 3), np.float32)
    keypoints[0, 0], keypoints[1, 0] = (1.0, 1.0, 2), (3.0, 1.0, 1)
    from mghp.datasets.sample import Sample

    sample = Sample(np.zeros((10, 10, 3), np.uint8), ids.astype(np.uint8), ids, keypoints, "two", (10, 10))
    measured = set_difficulty([sample])
    assert measured["persons_per_picture"] == 2
    assert measured["box_overlap"] == 0
    assert measured["keypoints_visible"] == 0.5
    assert measured["human_pixels"] == pytest.approx(0.16)
    assert measured["person_height"] == pytest.approx(0.4)
    assert measured["nearest_keypoint_grouping"] == 1.0
    assert np.isnan(measured["without_cue"])
    assert set_difficulty([dataclasses.replace(sample, cues=np.array([True, False]))])["without_cue"] == 0.5
    assert set_difficulty([])["persons_per_picture"] == 0


@pytest.mark.parametrize(("scene", "share", "pictures"), [("default", 0.33, 120), ("hard", 0.81, 80)])
def test_the_share_of_persons_whose_sides_no_picture_shows(scene, share, pictures):
    """The shares that the descriptions of the scenes tell; tolerance: the pictures' sampling error."""
    cues = np.concatenate([render(SCENES[scene], index, seed=1, size=48).cues for index in range(pictures)])
    assert 1 - cues.mean() == pytest.approx(share, abs=0.03)


@pytest.mark.parametrize("scene", ["clear", "simple"])
def test_scenes_in_which_everybody_has_a_cue(scene):
    assert all(render(SCENES[scene], index, seed=1, size=48).cues.all() for index in range(15))


def test_the_clear_scene_is_the_default_one_but_for_its_cues():
    changes = {"name": "default", "number": SCENES["default"].number, "cue": SCENES["default"].cue}
    assert dataclasses.replace(SCENES["clear"], **changes) == SCENES["default"]
    assert SCENES["clear"].cue == 1


def painted(body, outfit):
    canvas = Canvas(np.full((96, 96, 3), 128, np.float32))
    paint_figure(canvas, body, outfit, 1)
    return canvas


def other_side(name):
    return ("left_" if name.startswith("right_") else "right_") + name.partition("_")[2] if "_" in name else name


@pytest.mark.parametrize("has_cue", [False, True])
def test_without_a_cue_a_person_and_the_one_of_exchanged_sides_are_painted_alike(has_cue):
    """Seen from the front and from the back; a skirt is left out, whose seam may tell."""
    compared = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        body = draw_body(rng, (48.0, 50.0), 80.0, 0.1)
        outfit = dataclasses.replace(draw_outfit(rng, has_cue, 3.0), skirt=False)
        if body.is_from_the_side:
            continue
        other = dataclasses.replace(
            body,
            joints={other_side(name): point for name, point in body.joints.items()},
            face_depth={other_side(name): -depth for name, depth in body.face_depth.items()},
            facing=body.facing + math.pi,
            near=other_side(f"{body.near}_").removesuffix("_"),
            arm_behind={side: body.arm_behind[other] for side, other in (("left", "right"), ("right", "left"))},
        )
        ours, others = painted(body, outfit), painted(other, outfit)
        compared += 1
        assert np.allclose(ours.rgb, others.rgb, atol=1e-3) != has_cue
        if not has_cue:
            assert np.array_equal(ours.parts, np.array(DENSEPOSE_COCO.parts.mirrored_labels)[others.parts])
    assert compared > 10


def test_size_scales_the_same_scene():
    """The sizes of people are relative to the picture: shares of human pixels agree."""
    small, large = (
        np.mean([(render(SCENES["default"], i, seed=6, size=size).parts > 0).mean() for i in range(20)])
        for size in (64, 128)
    )
    assert small == pytest.approx(large, abs=0.05)


def test_contact_sheet_shows_every_sample(crowd):
    sheet = contact_sheet(crowd[:6], columns=3)
    assert sheet.shape == (2 * (4 * 128 + 4) + 4, 3 * (2 * 128 + 4) + 4, 3)


def test_stress_scenes_are_what_their_names_say():
    tags = {name: [set(render(SCENES[name], index, seed=2, size=64).tags) for index in range(20)] for name in STRESS}

    def share(scene, tag):
        return sum(tag in of_picture for of_picture in tags[scene]) / 20

    assert share("upright", "upside_down") == 0
    assert share("upside_down", "upside_down") == 1
    assert share("dim_human_like", "dim") == share("dim_human_like", "human_like") == 1
    assert share("small_dim", "dim") == 1
    assert share("small_dim", "small") > 0.9
    assert share("crossing", "overlap") > 0.8
    numbers = [scene.number for scene in SCENES.values()]
    assert len(set(numbers)) == len(numbers)
