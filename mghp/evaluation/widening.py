"""The best place on a grid that widens: a search line by line, until nothing in line is better."""

from collections.abc import Callable, Sequence

REACH = 2
"""The steps to both sides at which a line begins, and by which it widens."""

FARTHEST = 8
"""The largest number of steps from where the search begins: there a line widens no further."""

Place = tuple[int, ...]
"""A place on the grid: steps along each axis from where the search begins."""

Scored = Callable[[Sequence[Place]], Sequence[float]]
"""A function that returns the score of each place; the larger the better. It is asked once about each."""


def best_steps(scored: Scored, axes: int) -> Place:
    """Return a place whose score is the largest of all places in line with it that were tried.

    One line after another is searched through the best place so far. A line widens on a side while its outermost place
    there is as good as any, for the best may lie beyond, but not farther than `FARTHEST` steps from the beginning. Of
    equal places the best so far is kept, else the one nearest to the beginning is taken.

    Args:
        scored: scores places.
        axes: number of axes.
    """
    known: dict[Place, float] = {}
    best: Place = (0,) * axes
    while True:
        before = best
        for axis in range(axes):
            best = _best_in_line(scored, known, best, axis)
        if best == before:
            return best


def _best_in_line(scored: Scored, known: dict[Place, float], start: Place, axis: int) -> Place:
    low, high = start[axis] - REACH, start[axis] + REACH
    while True:
        low, high = max(low, -FARTHEST), min(high, FARTHEST)
        line = [(*start[:axis], step, *start[axis + 1 :]) for step in range(low, high + 1)]
        new = [place for place in line if place not in known]
        known.update(zip(new, scored(new) if new else [], strict=True))
        best = max(line, key=lambda place: (known[place], place == start, -abs(place[axis])))
        if known[line[0]] == known[best] and low > -FARTHEST:
            low -= REACH
        elif known[line[-1]] == known[best] and high < FARTHEST:
            high += REACH
        else:
            return best
