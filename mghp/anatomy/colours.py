"""Colours for datasets of so many parts that nobody picks them by hand."""

import colorsys

_GOLDEN = 0.618033988749895


def distinct_colours(number: int) -> tuple[tuple[int, int, int], ...]:
    """Return red, green and blue (0 to 255) of each part, hues a golden section apart, so that neighbours differ."""
    colours = []
    for position in range(number):
        value = 0.95 if position % 2 else 0.75
        shares = colorsys.hsv_to_rgb(position * _GOLDEN % 1.0, 0.45 + 0.5 * (position % 3) / 2, value)
        colours.append(tuple(round(255 * share) for share in shares))
    return tuple((red, green, blue) for red, green, blue in colours)
