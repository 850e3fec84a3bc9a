import copy
import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from mghp.anatomy.skeleton import Skeleton
from mghp.config.data import PoseProblemsConfig
from mghp.errors import InputError
from mghp.metrics.matching import association_counts, f1
from mghp.problems.coco_keypoints import read_coco_poses
from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.pose_problems import limb_field, simulate_problems
from mghp.problems.poses import ImagePoses, PoseSet

SKELETON = Skeleton("three", ("a", "b", "c"), ((0, 1), (1, 2), (2, 0)))
EXACT = {"jitter": 0.0, "miss": 0.0, "spurious": 0.0, "field_noise": 0.0}


def random_image(rng, num_persons=4):
    keypoints = rng.uniform(0, 100, (num_persons, 3, 3))
    keypoints[..., 2] = 2 * (rng.random((num_persons, 3)) < 0.8)
    keypoints[1:, :2, 2] = 2  # so that the median person has an extent, and the limbs a width
    return ImagePoses(keypoints)


def random_poses(seed, num_images=3, num_persons=4):
    rng = np.random.default_rng(seed)
    return PoseSet(SKELETON, tuple(random_image(rng, num_persons) for _ in range(num_images)), "made-up")


# A literal transcription of the definition, one point and one person at a time.


def literal_field(point, image, limb, width):
    total, number = np.zeros(2), 0
    for person in image.keypoints:
        (ax, ay, av), (bx, by, bv) = person[limb[0]], person[limb[1]]
        length = math.hypot(bx - ax, by - ay)
        if av == 0 or bv == 0 or length == 0:
            continue
        ux, uy = (bx - ax) / length, (by - ay) / length
        along = (point[0] - ax) * ux + (point[1] - ay) * uy
        across = (point[0] - ax) * uy - (point[1] - ay) * ux
        if -width <= along <= length + width and abs(across) <= width:
            total += (ux, uy)
            number += 1
    return total / number if number else total


def literal_scale(image, kind):
    persons = [[(x, y) for x, y, v in person if v > 0] for person in image.keypoints]
    extents = [np.ptp(points, axis=0).max() for points in persons if points]
    everything = [point for points in persons for point in points]
    return np.median(extents) if kind == "median_person" else np.ptp(everything, axis=0).max()


def literal_affinities(image, limb, width, num_samples):
    """Affinity and truth of every pair of annotated keypoints, in the order of the file."""
    pairs = []
    for p, source in enumerate(image.keypoints):
        for q, destination in enumerate(image.keypoints):
            a, b = source[limb[0]], destination[limb[1]]
            if a[2] == 0 or b[2] == 0:
                continue
            length = math.hypot(b[0] - a[0], b[1] - a[1])
            unit = (b[:2] - a[:2]) / length if length else np.zeros(2)
            points = [a[:2] + k / (num_samples - 1) * (b[:2] - a[:2]) for k in range(num_samples)]
            score = sum(literal_field(point, image, limb, width) @ unit for point in points) / num_samples
            pairs.append((round(score, 9), p == q))
    return sorted(pairs)


@given(seed=st.integers(0, 2**32 - 1), width=st.sampled_from([0.0, 3.0, 15.0]))
@settings(deadline=None, max_examples=30)
def test_limb_field_is_the_literal_one(seed, width):
    rng = np.random.default_rng(seed)
    image = random_image(rng)
    image.keypoints[0, 1, :2] = image.keypoints[0, 0, :2]
    points, limb = rng.uniform(-10, 110, (6, 5, 2)), rng.integers(0, 3, 6)
    field = limb_field(points, limb, image, np.array(SKELETON.limbs), width)
    for pair in range(6):
        for sample in range(5):
            expected = literal_field(points[pair, sample], image, SKELETON.limbs[limb[pair]], width)
            assert field[pair, sample] == pytest.approx(expected, abs=1e-12)


@given(seed=st.integers(0, 2**32 - 1), scale=st.sampled_from(["median_person", "image_extent"]))
@settings(deadline=None, max_examples=30)
def test_affinity_and_truth_are_the_literal_ones(seed, scale):
    # A width that no point is at by rounding alone: ends of true limbs lie on their segment.
    config = PoseProblemsConfig(scale=scale, field_width=0.0717, min_persons=0, num_samples=7, **EXACT)
    poses = random_poses(seed)
    problems = {(problem.image, problem.limb): problem for problem in simulate_problems(poses, config, seed)}
    for number, image in enumerate(poses.images):
        for limb, ends in enumerate(SKELETON.limbs):
            width = 0.0717 * literal_scale(image, scale)
            expected = literal_affinities(image, ends, width, 7)
            problem = problems.get((number, limb))
            if problem is None:
                assert not expected
                continue
            found = zip(problem.affinity.ravel().round(9) + 0.0, problem.truth.ravel(), strict=True)
            assert [score for score, _ in sorted(found)] == pytest.approx([score for score, _ in expected], abs=2e-9)
            assert problem.truth.sum() == sum(true for _, true in expected)
            assert problem.affinity[problem.truth].sum() == pytest.approx(
                sum(score for score, true in expected if true), abs=1e-7
            )


def test_exact_limbs_score_one():
    keypoints = np.array([[[0, 0, 2], [10, 0, 2], [0, 0, 0]], [[0, 50, 2], [10, 50, 2], [0, 0, 0]]], dtype=float)
    poses = PoseSet(SKELETON, (ImagePoses(keypoints),), "made-up")
    (problem,) = simulate_problems(poses, PoseProblemsConfig(**EXACT), 0)
    assert problem.affinity[problem.truth] == pytest.approx(1.0)
    assert (problem.affinity[~problem.truth] < 0.2).all()


@given(seed=st.integers(0, 2**32 - 1), preset=st.sampled_from(["default", "hard", "easy"]))
@settings(deadline=None, max_examples=30)
def test_problems_are_well_formed(seed, preset):
    problems = simulate_problems(random_poses(seed), PoseProblemsConfig(preset=preset, min_persons=1), seed)
    assert all(problem.truth.sum(axis=0).max() <= 1 and problem.truth.sum(axis=1).max() <= 1 for problem in problems)
    assert all(np.isfinite(problem.affinity).all() for problem in problems)
    assert all(0 <= problem.image < problems.num_images for problem in problems)
    places = [(problem.image, problem.limb) for problem in problems]
    assert places == sorted(set(places))


def test_limbs_share_the_candidates_of_a_type():
    sizes = {}
    for problem in simulate_problems(random_poses(3, num_images=40), PoseProblemsConfig(), 3):
        for end, number in zip(SKELETON.limbs[problem.limb], problem.affinity.shape, strict=True):
            assert sizes.setdefault((problem.image, end), number) == number


def test_an_image_does_not_depend_on_how_many_are_read():
    poses = random_poses(5, num_images=6)
    few = PoseSet(SKELETON, poses.images[:3], "made-up")
    config = PoseProblemsConfig()
    whole, part = simulate_problems(poses, config, 1), simulate_problems(few, config, 1)
    for a, b in zip(part, whole, strict=False):
        assert (a.image, a.limb) == (b.image, b.limb)
        assert (a.affinity == b.affinity).all()


def test_another_seed_is_another_draw():
    one, other = (simulate_problems(random_poses(5), PoseProblemsConfig(), seed) for seed in (0, 1))
    assert any(
        a.affinity.shape != b.affinity.shape or (a.affinity != b.affinity).any()
        for a, b in zip(one, other, strict=False)
    )


def test_the_order_of_candidates_says_nothing():
    config = PoseProblemsConfig(**EXACT)
    rng = np.random.default_rng(0)
    keypoints = rng.uniform(0, 100, (400, 5, 3, 3))
    keypoints[..., 2] = 2
    poses = PoseSet(SKELETON, tuple(ImagePoses(image) for image in keypoints), "made-up")
    diagonal = np.mean([np.trace(problem.truth) / 5 for problem in simulate_problems(poses, config, 0)])
    assert diagonal == pytest.approx(1 / 5, abs=0.05)


def test_everything_missed_leaves_no_problem_but_the_image():
    problems = simulate_problems(random_poses(0), PoseProblemsConfig(miss=1.0, spurious=0.0), 0)
    assert len(problems) == 0
    assert problems.num_images == 3


def test_spurious_candidates_are_never_true_and_stay_in_the_box():
    problems = simulate_problems(random_poses(0), PoseProblemsConfig(miss=1.0, spurious=3.0), 0)
    assert len(problems) > 0
    assert not any(problem.truth.any() for problem in problems)


@pytest.mark.parametrize(("min_persons", "kept"), [(0, 3), (1, 2), (2, 1), (3, 0)])
def test_images_of_few_persons_are_left_out(min_persons, kept):
    person = np.array([[1.0, 1, 2], [5, 5, 2], [0, 0, 0]])
    images = tuple(ImagePoses(np.stack([person] * number + [0 * person]).reshape(-1, 3, 3)) for number in (0, 1, 2))
    poses = PoseSet(SKELETON, images, "made-up")
    assert simulate_problems(poses, PoseProblemsConfig(min_persons=min_persons), 0).num_images == kept


# Reading


def coco(num_images=2, **changes):
    content = {
        "images": [{"id": 10 * number} for number in range(num_images)],
        "annotations": [
            {"image_id": 10, "category_id": 1, "iscrowd": 0, "keypoints": [1, 2, 2, 3, 4.5, 1, 0, 0, 0]},
            {"image_id": 0, "category_id": 1, "keypoints": [5, 6, 2, 0, 0, 0, 7, 8, 2]},
            {"image_id": 0, "category_id": 1, "keypoints": [9, 9, 2, 8, 8, 2, 0, 0, 0]},
        ],
        "categories": [
            {"id": 1, "name": "person", "keypoints": ["a", "b", "c"], "skeleton": [[1, 2], [2, 3]]},
            {"id": 2, "name": "dog"},
        ],
    }
    content.update(changes)
    return content


def write(tmp_path, content):
    file = tmp_path / "poses.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    return file


def one_line_about(file):
    return pytest.raises(InputError, match=rf"^.*{file.name}[^\n]*$")


def test_reads_persons_by_image(tmp_path):
    poses = read_coco_poses(write(tmp_path, coco(3)))
    assert poses.skeleton == Skeleton("person", ("a", "b", "c"), ((0, 1), (1, 2)))
    assert [len(image.keypoints) for image in poses.images] == [2, 1, 0]
    assert poses.images[1].position_image[0, 1].tolist() == [3, 4.5]
    assert poses.images[1].annotated.tolist() == [[True, True, False]]
    assert poses.images[2].keypoints.shape == (0, 3, 3)


def test_max_images_takes_the_first(tmp_path):
    poses = read_coco_poses(write(tmp_path, coco()), max_images=1)
    assert [len(image.keypoints) for image in poses.images] == [2]


def test_crowds_and_other_categories_are_left_out(tmp_path):
    content = coco()
    content["annotations"][0]["iscrowd"] = 1
    content["annotations"][1] = {"image_id": 0, "category_id": 2}
    assert [len(image.keypoints) for image in read_coco_poses(write(tmp_path, content)).images] == [1, 0]


def test_fingerprint_is_of_the_bytes(tmp_path):
    one = read_coco_poses(write(tmp_path, json.dumps(coco()))).fingerprint
    assert read_coco_poses(write(tmp_path, json.dumps(coco()))).fingerprint == one
    assert read_coco_poses(write(tmp_path, json.dumps(coco()) + " ")).fingerprint != one


def with_keypoints(keypoints):
    return coco(annotations=[{"image_id": 0, "category_id": 1, "keypoints": keypoints}])


def with_skeleton(skeleton):
    return coco(categories=[{"id": 1, "keypoints": ["a", "b", "c"], "skeleton": skeleton}])


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('{"images": [,', r"line 1, column 13"),
        ('{\n"images": [1, 2', r"line 2, column \d+"),
        ("", "broken JSON"),
        ("[" * 200_000, "nested too deeply|broken JSON"),
        ("1" * 5000, "broken JSON"),
        ([], "expected a JSON object"),
        ({"images": []}, "'categories'"),
        (coco(images=[]), "at least one image"),
        (coco(images={}), "images must be of type list"),
        (coco(images=[{}]), r"images\[0\]: expected a key 'id'"),
        (coco(images=[{"id": [1]}]), "id must be a whole number or a string"),
        (coco(images=[{"id": 0}, {"id": 0}]), "taken by another image"),
        (coco(categories=[]), "one category with keypoints, got 0"),
        (coco(categories=coco()["categories"][:1] * 2), "one category with keypoints, got 2"),
        (coco(categories=[{"id": 1, "keypoints": ["a", "b"]}]), "'skeleton'"),
        (coco(categories=[{"id": 1, "keypoints": [], "skeleton": []}]), "list of names"),
        (coco(categories=[{"keypoints": ["a", "b", "c"], "skeleton": []}]), "'id'"),
        (with_skeleton([[1, 4]]), "pairs of keypoints 1 to 3"),
        (with_skeleton([[0, 1]]), "pairs of keypoints 1 to 3"),
        (with_skeleton([[1, 2, 3]]), "pairs of keypoints"),
        (with_skeleton([5]), "pairs of keypoints"),
        (with_skeleton([[2, 2]]), "to itself"),
        (with_skeleton([[1, 2], [1, 2]]), "listed twice"),
        (coco(annotations=[[]]), r"annotations\[0\]: expected an object"),
        (coco(annotations=[{"keypoints": [0] * 9}]), "'image_id'"),
        (coco(annotations=[{"image_id": 77, "keypoints": [0] * 9}]), "77 is not among the images"),
        (coco(annotations=[{"image_id": 0, "category_id": 1}]), "'keypoints'"),
        (coco(annotations=[{"image_id": 0, "category_id": "1"}]), "'1' is not among the categories"),
        (with_keypoints([0] * 8), "3 keypoints, got 8 values"),
        (with_keypoints(["1"] + [0] * 8), "must be numbers, got '1'"),
        (with_keypoints([None] + [0] * 8), "must be numbers, got None"),
        (with_keypoints([[1]] + [0] * 8), "must be numbers"),
        (with_keypoints([math.nan] + [0] * 8), "must be finite"),
        (with_keypoints([math.inf] + [0] * 8), "must be finite"),
        (with_keypoints([10**400] + [0] * 8), "must be finite"),
    ],
)
def test_a_fault_is_one_line_that_names_the_file(tmp_path, content, complaint):
    file = write(tmp_path, content)
    with one_line_about(file) as caught:
        read_coco_poses(file)
    assert caught.match(complaint)


def test_a_missing_file_a_folder_and_no_text_are_told(tmp_path):
    for path, complaint in [(tmp_path / "none.json", "no such file"), (tmp_path, "a folder")]:
        with pytest.raises(InputError, match=complaint):
            read_coco_poses(path)
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\xd8\xff")
    with pytest.raises(InputError, match="broken JSON"):
        read_coco_poses(tmp_path / "binary.json")


JSON_VALUES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.just([]), st.just({}), st.just([[]])
)


def places(value):
    """Every (container, key) within a JSON value."""
    for key in value if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from places(value[key])


@given(data=st.data(), new=JSON_VALUES)
@settings(deadline=None, max_examples=150)
def test_any_one_change_is_read_or_told_in_one_line(tmp_path_factory, data, new):
    content = copy.deepcopy(coco())
    container, key = data.draw(st.sampled_from(list(places(content))))
    container[key] = new
    file = write(tmp_path_factory.getbasetemp(), content)
    told = f"{file.name}: all is well"
    try:
        read_coco_poses(file)
    except InputError as error:
        told = str(error)
    assert file.name in told
    assert "\n" not in told


# The real file, against figures found by an independent program (other random numbers, hence the bands).


def greedy(affinity, least):
    left, matching = affinity.copy(), np.zeros(affinity.shape, dtype=bool)
    while left.max() >= least:
        row, column = np.unravel_index(left.argmax(), left.shape)
        matching[row, column] = True
        left[row], left[:, column] = -np.inf, -np.inf
    return matching


def hungarian(affinity, least):
    matching = np.zeros(affinity.shape, dtype=bool)
    matching[linear_sum_assignment(np.maximum(affinity, 0), maximize=True)] = True
    return matching & (affinity >= least)


def mutual(affinity, least):
    best = (affinity == affinity.max(axis=0)) & (affinity == affinity.max(axis=1, keepdims=True))
    return best & (affinity >= least)


def scores(problems, least):
    """F1 of Hungarian, greedy and mutual argmax."""
    counts = [
        np.sum([association_counts(match(p.affinity, least), p.truth) for p in problems], axis=0)
        for match in (hungarian, greedy, mutual)
    ]
    return f1(counts)


@pytest.fixture(scope="module")
def real_poses(real_poses_file):
    return read_coco_poses(real_poses_file)


def crowded(problems):
    return [problem for problem in problems if min(problem.affinity.shape) >= 2]


def test_the_real_file_s_statistics(real_poses):
    assert len(real_poses.images) == 2500
    assert sum(len(image.keypoints) for image in real_poses.images) == 6648
    both = sum(
        image.annotated[:, limb].all(axis=-1).sum() for image in real_poses.images for limb in real_poses.skeleton.limbs
    )
    assert both == 67025


@pytest.mark.parametrize(
    ("scale", "expected"), [("image_extent", (0.954, 0.950, 0.946)), ("median_person", (0.971, 0.969, 0.966))]
)
def test_default_problems_are_as_hard_as_found_before(real_poses, scale, expected):
    first = PoseSet(real_poses.skeleton, real_poses.images[:1500], real_poses.fingerprint)
    problems = crowded(simulate_problems(first, PoseProblemsConfig(scale=scale), 0))
    assert len(problems) == pytest.approx(9994, rel=0.05)
    assert np.mean([problem.affinity.shape for problem in problems], axis=0) == pytest.approx(2.7, abs=0.1)
    assert scores(problems, 0.2) == pytest.approx(expected, abs=0.01)


def test_hard_problems_are_as_hard_as_found_before(real_poses):
    problems = crowded(simulate_problems(real_poses, PoseProblemsConfig(preset="hard"), 0))
    assert len(problems) == pytest.approx(9229, rel=0.05)
    assert np.mean([problem.affinity.shape for problem in problems], axis=0) == pytest.approx((4.2, 4.3), abs=0.1)
    assert scores(problems, 0.2) == pytest.approx((0.767, 0.757, 0.774), abs=0.01)
    assert scores(problems, 0.4) == pytest.approx((0.808, 0.797, 0.790), abs=0.01)


def test_real_problems_fill_few_buckets(real_poses):
    problems = simulate_problems(real_poses, PoseProblemsConfig(), 0)
    batches = MatchingBatch.bucket(problems.problems)
    assert len(batches) < 12
    assert len(problems) > 0.65 * sum(batch.affinity.numel() for batch in batches) / np.mean(
        [problem.affinity.size for problem in problems]
    )
