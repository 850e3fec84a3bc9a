"""What the colours on a case's pictures mean."""

from typing import NamedTuple

from mghp.gallery.cases import CaseSet
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT
from mghp.pictures.sketch import css_colour


class Legend(NamedTuple):
    """Of one layer over the pictures.

    Attributes:
        layer: parts or skeletons, as the page calls it.
        head: in front of the colours.
        colours: `#rrggbb` by what has it.
    """

    layer: str
    head: str
    colours: dict[str, str]


def legends(cases: CaseSet) -> list[Legend]:
    """Of the parts, where the cases tell theirs, and of the dots of skeletons."""
    sides = {"right side": RIGHT, "left side": LEFT, "neither": MIDDLE}
    found = [Legend("skeletons", "Keypoints", {name: css_colour(side) for name, side in sides.items()})]
    if cases.parts:
        found.insert(0, Legend("parts", "Parts", {name.replace("_", " "): cases.parts[name] for name in cases.parts}))
    return found
