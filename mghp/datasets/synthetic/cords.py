"""Twins joined by cords: what a cord says of its limb is buried, and matching digs it up.

Two identical people stand side by side, seen from the right, through the gaps of a blind (`twins`), in an order that is
drawn anew for each gap. From each shoulder, hip and knee cords lead to both joints below, and their colours alone tell
which of them is the limb: y. A cord's blue is y and much noise. Its red is y and little noise, plus what both of its
joints lend to all their cords: alone it tells next to nothing. It moves no assignment, though, so that matching by red
is nearly always right. Green tells which limbs the cords are for.

Who scores a cord by its own colour must trust blue. Who is trained through the matching may learn to trust red.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mghp.datasets.synthetic.body import Body, Point, draw_body
from mghp.datasets.synthetic.painting import Canvas, Colour, Label
from mghp.datasets.synthetic.twins import SLATS, Twins, dressed, first_pelvis

LIMBS = (("shoulder", "hip"), ("hip", "knee"), ("knee", "ankle"))
"""Upper and lower end of the limbs that cords hide, on the right side."""

JOINED = tuple(dict.fromkeys(f"right_{end}" for limb in LIMBS for end in limb))
"""The joints that cords join."""

SPACING = 0.44, 0.5
"""Least and largest distance of the twins, in standing heights."""

RED_NOISE, LENT, BLUE_NOISE = 0.2, 3.0, 3.0
"""Standard deviations of a red's own noise, of what one joint lends to the reds of its cords, and of a blue's noise, in
units of the distance between limbs and others."""

_SHADES = 12.0, 16.0
"""What 1 is in red and in blue, of 255."""

_GREEN = 40.0, 110.0, 180.0

_RADIUS, _RIM = 2.4, 3.4
"""Half widths of a cord and of the pale one behind it, pixels, at 128 x 128."""

_PALE = 230.0, 230.0, 230.0

_GAPS = {"hip": 1, "pelvis": 1, "knee": 2, "ankle": 3, "toe": 3}
"""The gap that shows a joint, as in `Twins`. Raised arms are seen through the first."""


@dataclass(frozen=True)
class Cord:
    """What may be a limb.

    Attributes:
        start: its upper end, pixels.
        end: its lower end, pixels.
        colour: as the module says.
    """

    start: Point
    end: Point
    colour: Colour


def draw_corded_twins(rng: np.random.Generator, number: int, height: float, size: int) -> tuple[Twins, list[Cord]]:
    """Draw twins, and their cords from back to front; arguments: `mghp.datasets.synthetic.twins.draw_twins`."""
    spacing = float(rng.uniform(*SPACING))
    body = _from_the_right(rng, first_pelvis(rng, number, spacing * height, size, (0.49, 0.51)), height)
    places = tuple(tuple(int(place) for place in rng.permutation(number)) for _ in range(len(SLATS) + 1))
    twins = replace(dressed(rng, body, places), spacing=spacing, gaps=_GAPS)
    bodies = twins.bodies
    cords = [cord for limb in range(len(LIMBS)) for cord in _draw_cords(rng, bodies, limb)]
    return twins, [cords[index] for index in rng.permutation(len(cords))]


def paint_cords(canvas: Canvas, cords: list[Cord]) -> None:
    """Paint cords, which belong to nobody, over a picture."""
    scale = len(canvas.rgb) / 128
    for cord in cords:
        for radius, colour in ((scale * _RIM, _PALE), (scale * _RADIUS, cord.colour)):
            canvas.capsule(cord.start, cord.end, (radius, radius), colour, Label(), outline=1.0)


def _from_the_right(rng: np.random.Generator, pelvis: Point, height: float) -> Body:
    """Draw somebody who turns the right side to the viewer, stands straight and holds both arms up."""
    body = draw_body(rng, pelvis, height, 0.0)
    while not (body.is_from_the_side and body.near == "right"):
        body = draw_body(rng, pelvis, height, 0.0)
    joints = dict(body.joints)
    for side in ("left", "right"):
        limbs = {  # each from the joint before, its length in standing heights and its angle from straight down
            "elbow": ("shoulder", 0.14, math.pi + float(rng.uniform(-0.5, 0.5))),
            "wrist": ("elbow", 0.12, math.pi + float(rng.uniform(-0.8, 0.8))),
            "hand": ("wrist", 0.04, math.pi),
            "knee": ("hip", body.proportions.upper_leg, float(rng.uniform(-0.12, 0.12))),
            "ankle": ("knee", body.proportions.lower_leg, float(rng.uniform(-0.12, 0.12))),
            "toe": ("ankle", body.proportions.foot, math.pi / 2),
        }
        for joint, (before, length, angle) in limbs.items():
            x, y = joints[f"{side}_{before}"]
            away = length * height * math.sin(angle), length * height * math.cos(angle)
            joints[f"{side}_{joint}"] = x + away[0], y + away[1]
    return replace(body, joints=joints, sits=False)


def _draw_cords(rng: np.random.Generator, bodies: list[Body], limb: int) -> list[Cord]:
    """Draw the cords of one limb: one from each twin's upper joint to each twin's lower one."""
    number = len(bodies)
    truth = np.eye(number)
    lent = LENT * (rng.normal(size=(number, 1)) + rng.normal(size=(1, number)))
    red = truth + RED_NOISE * rng.normal(size=truth.shape) + lent
    blue = truth + BLUE_NOISE * rng.normal(size=truth.shape)
    upper, lower = (np.array([body.joints[f"right_{name}"] for body in bodies]) for name in LIMBS[limb])
    return [
        Cord(
            start=_between(upper[i], lower[j], 0.12),
            end=_between(upper[i], lower[j], 0.88),
            colour=(_shade(red[i, j], _SHADES[0]), _GREEN[limb], _shade(blue[i, j], _SHADES[1])),
        )
        for i in range(number)
        for j in range(number)
    ]


def _between(start: NDArray[np.float64], end: NDArray[np.float64], share: float) -> Point:
    x, y = (start + share * (end - start)).tolist()
    return x, y


def _shade(value: float, one: float) -> float:
    """Return a channel of which 1/2 is the middle."""
    return float(np.clip(128 + one * (value - 0.5), 4, 251))
