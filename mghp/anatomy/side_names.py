"""Which side of the body a part or keypoint belongs to, by its name."""

SIDES = ("left_", "right_")
"""Beginnings of the names of what has a side."""

LEFT_SIDE, RIGHT_SIDE = 1, 2
"""The sides by number; 0 is neither."""


def side_of(name: str) -> int:
    """Return 1 for the left side, 2 for the right and 0 for neither."""
    return next((number for number, side in enumerate(SIDES, 1) if name.startswith(side)), 0)


def without_side(name: str) -> str:
    """Return a name without its side.

    Example:
        >>> from mghp.anatomy.side_names import side_of, without_side
        >>> side_of("right_knee"), without_side("right_knee")
        (2, 'knee')
    """
    side = side_of(name)
    return name.removeprefix(SIDES[side - 1]) if side else name
