import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib import colormaps

from mghp.problems.matching_batch import MatchingBatch
from mghp.problems.problem_set import MatchingProblem
from mghp.studies.solvers.example import LARGEST, pick_example, picture


def test_no_contested_problem_means_no_example():
    lone = MatchingProblem(np.ones((1, 3)), np.zeros((1, 3), bool), 0, 0)
    assert pick_example(MatchingBatch.bucket([lone])) is None


@given(seed=st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_the_example_is_the_largest_contested_problem_that_can_be_shown(seed):
    rng = np.random.default_rng(seed)
    shapes = rng.integers(1, LARGEST + 4, (12, 2)).tolist()
    problems = [MatchingProblem(rng.random(shape), np.zeros(shape, bool), k, 0) for k, shape in enumerate(shapes)]
    example = pick_example(MatchingBatch.bucket(problems))
    shown = [shape for shape in shapes if min(shape) > 1 and max(shape) <= LARGEST]
    if not shown:
        assert example is None
        return
    shape = [int(mask.sum()) for mask in example.masks]
    assert len(example) == 1
    assert shape in shown
    assert shape[0] * shape[1] == max(rows * columns for rows, columns in shown)
    assert shapes[int(example.image)] == shape


def test_a_picture_names_its_three_matrices_and_has_a_scale():
    arrays = {
        "affinity": np.array([[-1.0, 2.0]]),
        "assignment": np.array([[0.0, 0.5]]),
        "truth": np.array([[0.0, 1.0]]),
    }
    image = picture(arrays, "greedy")
    assert image.dtype == np.uint8
    colours = set(map(tuple, image.reshape(-1, 3).tolist()))
    dark, light = (colormaps["cividis"](end, bytes=True)[:3] for end in (0.0, 1.0))
    assert {dark, light} <= colours
    # Each of the three matrices frames its true pair.
    frames = (image == (230, 80, 0)).all(-1).any(0)
    assert (np.diff(frames.astype(int)) == 1).sum() == 3
    # Another solver's name is another picture.
    assert not np.array_equal(image, picture(arrays, "Hungarian")[: len(image), : image.shape[1]])
