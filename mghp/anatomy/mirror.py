"""Left and right change places in a mirror image."""

from collections.abc import Sequence

from mghp.anatomy.side_names import SIDES, side_of, without_side


def mirrored_positions(names: Sequence[str], pairs: Sequence[tuple[str, str]] = ()) -> tuple[int, ...]:
    """Return for each name the position of the name that takes its place in the mirror image.

    The two names of a pair change places, and so do `left_` and `right_` at a name's beginning; every other name stays.

    Args:
        names: all names.
        pairs: names that change places and do not begin with a side.

    Raises:
        ValueError: if a side's counterpart is missing.
    """
    positions = {name: position for position, name in enumerate(names)}
    partners = {**dict(pairs), **{other: name for name, other in pairs}}
    swapped = [partners.get(name) or _other_side(name) for name in names]
    missing = [name for name in swapped if name not in positions]
    if missing:
        raise ValueError(f"{missing[0]!r} is missing: its other side is listed")
    return tuple(positions[name] for name in swapped)


def _other_side(name: str) -> str:
    side = side_of(name)
    return SIDES[2 - side] + without_side(name) if side else name
