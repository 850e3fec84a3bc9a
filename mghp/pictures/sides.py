"""Warm colours for a person's right side, cool ones for the left: a swapped side is seen at a glance."""

import colorsys

from mghp.anatomy.side_names import LEFT_SIDE, RIGHT_SIDE, side_of
from mghp.anatomy.skeleton import Skeleton
from mghp.pictures.sketch import Colour

RIGHT, LEFT, MIDDLE = (255, 112, 32), (32, 168, 255), (240, 240, 240)


def side_colour(names: tuple[str, ...]) -> Colour:
    """Return the colour of the side on which all of these keypoints lie."""
    for side, colour in ((RIGHT_SIDE, RIGHT), (LEFT_SIDE, LEFT)):
        if all(side_of(name) == side for name in names):
            return colour
    return MIDDLE


def limb_colours(skeleton: Skeleton) -> list[Colour]:
    """Return a colour per limb by its side; a limb across the body has the middle's."""
    return [side_colour(tuple(skeleton.keypoints[end] for end in limb)) for limb in skeleton.limbs]


def keypoint_colours(skeleton: Skeleton) -> list[Colour]:
    """Return a colour per keypoint type: red to yellow on the right, cyan to violet on the left, else green.

    A keypoint and its mirror image take the same step of their side's hues.
    """
    right = [position for position, name in enumerate(skeleton.keypoints) if side_of(name) == RIGHT_SIDE]
    steps = {position: step / max(len(right) - 1, 1) for step, position in enumerate(right)}
    mirror = skeleton.mirrored_keypoints
    colours = []
    for position, name in enumerate(skeleton.keypoints):
        if side_of(name) == RIGHT_SIDE:
            hue = 0.16 * steps[position]
        elif side_of(name) == LEFT_SIDE:
            hue = 0.5 + 0.22 * steps[mirror[position]]
        else:
            hue = 1 / 3
        red, green, blue = colorsys.hsv_to_rgb(hue, 0.85, 1.0)
        colours.append((round(255 * red), round(255 * green), round(255 * blue)))
    return colours
