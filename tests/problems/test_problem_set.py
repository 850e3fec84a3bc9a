import numpy as np
import pytest

from mghp.problems.problem_set import MatchingProblem, ProblemSet


def problem(shape, image=0, limb=0):
    return MatchingProblem(np.zeros(shape), np.zeros(shape, bool), image, limb)


@pytest.mark.parametrize(("affinity", "truth"), [((2, 3), (3, 2)), ((0, 3), (0, 3)), ((4,), (4,))])
def test_problem_shapes_are_checked(affinity, truth):
    with pytest.raises(ValueError, match="affinity and truth"):
        MatchingProblem(np.zeros(affinity), np.zeros(truth, dtype=bool), 0, 0)


def test_a_set_knows_its_sizes_and_images():
    problems = ProblemSet((problem((1, 2), 3), problem((3, 4), 3), problem((5, 1), 7)), 9, "made-up", 2)
    assert len(problems) == 3
    assert problems.sizes.tolist() == [[1, 2], [3, 4], [5, 1]]
    assert problems.images.tolist() == [3, 7]
    few = problems.only(one for one in problems if one.image == 3)
    assert few.problems == problems.problems[:2]
    assert (few.num_images, few.fingerprint, few.num_limbs) == (9, "made-up", 2)
    assert few.images.tolist() == [3]


def test_a_set_may_be_empty():
    empty = ProblemSet((), 4, "none")
    assert empty.sizes.shape == (0, 2)
    assert empty.images.tolist() == []
