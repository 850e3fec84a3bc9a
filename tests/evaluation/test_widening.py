import itertools

import pytest

from mghp.evaluation.widening import FARTHEST, REACH, best_steps


class Surface:
    """Scores of places, and which were asked for."""

    def __init__(self, score):
        self.score = score
        self.asked = []

    def __call__(self, places):
        self.asked += places
        return [self.score(*place) for place in places]


def test_a_best_place_in_the_middle_asks_for_no_more():
    surface = Surface(lambda x: -abs(x))
    assert best_steps(surface, 1) == (0,)
    assert surface.asked == [(step,) for step in range(-REACH, REACH + 1)]


@pytest.mark.parametrize("best", [-FARTHEST + 1, -3, 2, 3, 5, FARTHEST - 1])
def test_a_grid_widens_past_its_edge_on_the_side_of_the_best(best):
    surface = Surface(lambda x: -abs(x - best))
    assert best_steps(surface, 1) == (best,)
    asked = {step for (step,) in surface.asked}
    assert {best - 1, best + 1} <= asked  # it was seen to lie inside
    assert min(asked) == -REACH if best > 0 else max(asked) == REACH


@pytest.mark.parametrize("sign", [-1, 1])
def test_a_grid_widens_to_its_limit_at_most(sign):
    surface = Surface(lambda x: sign * x)
    assert best_steps(surface, 1) == (sign * FARTHEST,)
    assert max(abs(step) for (step,) in surface.asked) == FARTHEST


def test_of_equals_the_beginning_or_the_nearest_to_it_is_taken():
    """A threshold that changes nothing stays as it was."""
    assert best_steps(lambda places: [0.0] * len(places), 2) == (0, 0)
    assert best_steps(Surface(lambda x: float(x >= 1)), 1) == (1,)


def test_a_best_place_is_found_beyond_a_plateau():
    """Thresholds below all that there is make no difference; the grid must not end among them."""
    assert best_steps(Surface(lambda x: float(x in (4, 5))), 1) == (4,)
    assert best_steps(Surface(lambda x: float(x == -6)), 1) == (-6,)


def test_two_thresholds_are_searched_in_turn_until_neither_gains():
    """The best of each depends on the other: one search of each would end at (2, 3)."""
    surface = Surface(lambda x, y: -((x - 3) ** 2) - (y - 3) ** 2 + 0.8 * (x - 3) * (y - 3))
    assert best_steps(surface, 2) == (3, 3)
    assert len(surface.asked) == len(set(surface.asked)) < (2 * FARTHEST + 1) ** 2 / 2
    around = [place for place in itertools.product(range(2, 5), repeat=2) if 3 in place]
    assert set(around) <= set(surface.asked)


def test_without_an_axis_nothing_is_asked():
    surface = Surface(None)
    assert best_steps(surface, 0) == ()
    assert not surface.asked
