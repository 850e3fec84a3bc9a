"""A sheet of panels, and the choice of pictures to show."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mghp.pictures.canvas import Rgb
from mghp.pictures.text import padded, stacked, text_line

_MARGIN = 10
"""The white margin around the sheet and under a panel, pixels."""


def panels_sheet(panels: Sequence[Rgb], titles: Sequence[str], *, footer: Rgb | None = None, size: int = 22) -> Rgb:
    """Stack panels on white, each under its title.

    Args:
        panels: pictures of any sizes, (height, width, 3) each.
        titles: a title per panel.
        footer: picture at the bottom, e.g. `panel_legend`.
        size: height of the titles' letters, pixels.

    Raises:
        ValueError: if panels and titles differ in number.
    """
    if len(panels) != len(titles):
        raise ValueError(f"expected a title for each panel, got {len(panels)} panels and {len(titles)} titles")
    blocks: list[Rgb] = []
    for panel, title in zip(panels, titles, strict=True):
        blocks += [text_line(title, 0, size, bold=True), padded(panel, panel.shape[0] + _MARGIN, 0)]
    blocks += [] if footer is None else [footer]
    return np.pad(stacked(blocks), ((_MARGIN, _MARGIN), (_MARGIN, _MARGIN), (0, 0)), constant_values=255)


def choose_examples(scores: ArrayLike, count: int = 3) -> dict[str, list[int]]:
    """Choose the best pictures, as many around the median, and the worst.

    Args:
        scores: score of each picture, larger is better, (picture,); those without one (NaN) are never chosen.
        count: number of pictures of each kind.

    Returns:
        The positions of "best", "typical" and "worst", better ones first. With few pictures, the kinds share some.

    Example:
        >>> from mghp.pictures.sheet import choose_examples
        >>> choose_examples([0.2, 0.9, float("nan"), 0.5, 0.7], count=1)
        {'best': [1], 'typical': [4], 'worst': [0]}
    """
    values = np.asarray(scores, dtype=float)
    # Ties keep the order of the pictures, on every machine.
    order = [int(index) for index in np.argsort(-values, kind="stable") if not np.isnan(values[index])]
    middle = max(len(order) - count, 0) // 2
    return {
        "best": order[:count],
        "typical": order[middle : middle + count],
        "worst": order[max(len(order) - count, 0) :],
    }
