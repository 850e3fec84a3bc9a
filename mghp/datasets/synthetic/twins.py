"""Twins behind blinds: no limb tells on its own where it goes, and only one-to-one matching tells who is whose.

Identical people stand shoulder to shoulder, seen through the gaps of a blind: heads and shoulders, hips with elbows and
wrists, knees, ankles. From each gap to the next all of them step aside by one place, to the left or to the right, under
the slat between. What is seen of a limb, its two ends, is the same whichever way it goes; inside the row somebody's end
lies at both places. But all go the same way: at one end of the row a place is left over, at the other one is new, and
of both ways only the true one gives everybody a limb.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.synthetic.body import Body, draw_body
from mghp.datasets.synthetic.figure import paint_figure
from mghp.datasets.synthetic.outfit import Outfit, draw_outfit
from mghp.datasets.synthetic.painting import Canvas, Colour

SLATS = ((-0.215, -0.145), (0.085, 0.185), (0.28, 0.39))
"""Where each slat begins and ends, in standing heights below the pelvis."""

SPACING = 0.24
"""From one twin to the next, in standing heights."""

_SEEN_THROUGH = {"elbow": 1, "wrist": 1, "hand": 1, "hip": 1, "pelvis": 1, "knee": 2, "ankle": 3, "toe": 3}
"""The gap that shows a joint; all others are seen through the first."""

_REACH = {"shoulder": (-0.3, -0.23), "elbow": (-0.13, 0.07), "wrist": (-0.13, 0.07), "hip": (-0.02, 0.02),
          "knee": (0.2, 0.265), "ankle": (0.405, 0.5)}  # fmt: skip
"""Where each joint must lie to be seen through its gap, in standing heights below the pelvis."""


@dataclass(frozen=True)
class Twins:
    """A row of identical people and what hides them.

    Attributes:
        upright: the first, as if nobody stepped aside.
        outfit: what all wear.
        places: of each gap, how many places to the right of the first each twin stands there.
        slats: colour of the blind.
        order: their numbers from back to front.
        spacing: from one place to the next, in standing heights.
        gaps: the gap that shows a joint, by the joint's name without its side; all others are seen through the first.
    """

    upright: Body
    outfit: Outfit
    places: tuple[tuple[int, ...], ...]
    slats: Colour
    order: tuple[int, ...]
    spacing: float = SPACING
    gaps: Mapping[str, int] = field(default_factory=lambda: _SEEN_THROUGH)

    @property
    def bodies(self) -> list[Body]:
        """The twins with every joint where its gap shows it."""
        gaps = [gap_of(name, self.gaps) for name in self.upright.joints]
        return [self._body([places[gap] for gap in gaps]) for places in zip(*self.places, strict=True)]

    def through(self, gap: int) -> list[Body]:
        """Return the twins as they stand in a gap, upright."""
        return [self._body([place] * len(self.upright.joints)) for place in self.places[gap]]

    def _body(self, places: list[int]) -> Body:
        step = self.spacing * self.upright.height
        joints = self.upright.joints.items()
        moved = {name: (x + place * step, y) for (name, (x, y)), place in zip(joints, places, strict=True)}
        return replace(self.upright, joints=moved)


def gap_of(joint: str, gaps: Mapping[str, int] = _SEEN_THROUGH) -> int:
    """Return the number of the gap that shows a joint, from the top; `gaps` as in `Twins`."""
    return gaps.get(joint.rpartition("_")[2], 0)


def draw_twins(rng: np.random.Generator, number: int, height: float, size: int) -> Twins:
    """Draw a row of twins.

    Args:
        rng: where the draws come from.
        number: how many.
        height: standing height, pixels.
        size: height and width of the picture, pixels.
    """
    pelvis = first_pelvis(rng, number, SPACING * height, size, (0.47, 0.51))
    body = draw_body(rng, pelvis, height, 0.0)
    while not _is_seen_through_gaps(body, pelvis):
        body = draw_body(rng, pelvis, height, 0.0)
    aside = [0]
    while len(aside) <= len(SLATS):  # at most one place from the middle, so that the row stays in the picture
        aside.append(aside[-1] + int(rng.choice([-1, 1])) if aside[-1] == 0 else 0)
    places = tuple(tuple(twin + steps for twin in range(number)) for steps in aside)
    return dressed(rng, body, places)


def first_pelvis(
    rng: np.random.Generator, number: int, step: float, size: int, down: tuple[float, float]
) -> tuple[float, float]:
    """Draw the first pelvis of a row in the middle of the picture, pixels.

    Args:
        rng: where the draw comes from.
        number: persons in the row.
        step: from one to the next, pixels.
        size: height and width of the picture, pixels.
        down: least and largest place from the top, relative to the picture's height.
    """
    middle = size / 2 - (number - 1) / 2 * step
    return middle + float(rng.uniform(-0.01, 0.01) * size), float(rng.uniform(*down) * size)


def dressed(rng: np.random.Generator, body: Body, places: tuple[tuple[int, ...], ...]) -> Twins:
    """Draw a blind, and what twins wear who stand like this in its gaps; see `Twins`."""
    red, green, blue = (float(value) for value in rng.uniform(60, 200, 3))
    order = tuple(int(twin) for twin in rng.permutation(len(places[0])))
    return Twins(body, draw_outfit(rng, True, 0.035 * body.height), places, (red, green, blue), order)


def _is_seen_through_gaps(body: Body, pelvis: tuple[float, float]) -> bool:
    """Return True if a body is seen from the front and each joint lies in its gap."""
    below = {name: (y - pelvis[1]) / body.height for name, (_, y) in body.joints.items()}
    inside = [
        least < below[f"{side}_{joint}"] < most for joint, (least, most) in _REACH.items() for side in ("left", "right")
    ]
    return all(inside) and math.cos(body.facing) > 0.9


def paint_twins(background: NDArray[np.float32], twins: Twins) -> Canvas:
    """Paint what each gap shows of the row, and the slats."""
    canvas = Canvas(background.copy())
    for gap, (top, bottom) in enumerate(_gaps(twins.upright, len(background))):
        shown = Canvas(background.copy())
        bodies = twins.through(gap)
        for twin in twins.order:
            paint_figure(shown, bodies[twin], twins.outfit, twin + 1)
        for name in ("rgb", "parts", "persons"):
            getattr(canvas, name)[top:bottom] = getattr(shown, name)[top:bottom]
        canvas.rgb[bottom:] = twins.slats  # the next gap is painted over it
    return canvas


def _gaps(body: Body, size: int) -> list[tuple[int, int]]:
    """Return the first row of each gap and the one behind its last; the lowest one reaches to the picture's end."""
    pelvis = body.joints["pelvis"][1]
    edges = [round(pelvis + share * body.height) for slat in SLATS for share in slat]
    return list(zip([0, *edges[1::2]], [*edges[::2], size], strict=True))
