"""The legend of the colours on a case's pictures."""

from typing import NamedTuple

from mghp.gallery.cases import CaseSet
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT
from mghp.pictures.sketch import css_colour


class Legend(NamedTuple):
    """The legend of one layer over the pictures.

    Attributes:
        layer: the page's name of the layer, "parts" or "skeletons".
        head: text before the colours.
        colours: `#rrggbb` by meaning.
    """

    layer: str
    head: str
    colours: dict[str, str]


def legends(cases: CaseSet) -> list[Legend]:
    """Return the legends of the parts, where the cases have any, and of the dots of skeletons."""
    sides = {"right side": RIGHT, "left side": LEFT, "neither": MIDDLE}
    found = [Legend("skeletons", "Keypoints", {name: css_colour(side) for name, side in sides.items()})]
    if cases.parts:
        found.insert(0, Legend("parts", "Parts", {name.replace("_", " "): cases.parts[name] for name in cases.parts}))
    return found
