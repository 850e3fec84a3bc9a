"""The legend of colours and dots, for the foot of a sheet."""

import textwrap

import numpy as np

from mghp.anatomy.parts import Parts
from mghp.pictures.canvas import Rgb
from mghp.pictures.sides import LEFT, MIDDLE, RIGHT
from mghp.pictures.sketch import Colour
from mghp.pictures.text import padded, stacked, text_line, text_width

OF_PREDICTIONS = (
    "Dots of skeletons: filled where visible or of high score, hollow where occluded or of low score. "
    "A predicted person has the colour of the true person that it is matched with. "
    "Fields: hue is direction, as on the wheel; the projection field is white at length 0 and of full colour from the "
    "length beside the wheel. Centres of persons, where they are predicted, are white. Stripes: part not annotated."
)
OF_LABELS = (
    "Dots of skeletons: filled where visible, hollow where occluded. Stripes: the part is not known. "
    "White veil: it is not known whose the pixels are, or what keypoints may lie there; nothing is trained or scored."
)


def panel_legend(parts: Parts, width: int, *, note: str = OF_PREDICTIONS, size: int = 18) -> Rgb:
    """Draw the legend of panels, `width` pixels wide, with a note on what they show, in letters of `size` pixels."""
    sides = colour_legend(
        [("keypoints: right side", RIGHT), ("left side", LEFT), ("neither", MIDDLE)], width, size=size
    )
    letter = text_width(note, size) / len(note)
    # A little fewer than fit on average: no line is average.
    lines = textwrap.wrap(note, max(round(0.95 * width / letter), 20))
    return stacked([parts_legend(parts, width, size=size), sides, *(text_line(line, 0, size) for line in lines)])


def parts_legend(parts: Parts, width: int, *, size: int = 18) -> Rgb:
    """Draw the names of parts beside their colours, in as many lines as `width` pixels demand."""
    names = [name.replace("_", " ") for name in parts.names]
    return colour_legend(list(zip(names, parts.colours, strict=True)), width, size=size)


def colour_legend(entries: list[tuple[str, Colour]], width: int, *, size: int = 18) -> Rgb:
    """Draw names beside their colours, in as many lines as `width` pixels demand, in letters of `size` pixels."""
    lines: list[list[Rgb]] = [[]]
    for name, colour in entries:
        entry = _entry(name, colour, size)
        if lines[-1] and sum(other.shape[1] for other in lines[-1]) + entry.shape[1] > width:
            lines.append([])
        lines[-1].append(entry)
    return padded(stacked([np.concatenate(line, axis=1) for line in lines if line]), 0, width)


def _entry(name: str, colour: Colour, size: int) -> Rgb:
    line = text_line(name, text_width(name, size) + size, size)
    swatch = np.full((line.shape[0], round(1.5 * size), 3), 255, dtype=np.uint8)
    margin = round(0.25 * size)
    # Framed: white is a colour too.
    swatch[margin:-margin, : round(1.1 * size)] = 0
    swatch[margin + 1 : -margin - 1, 1 : round(1.1 * size) - 1] = colour
    return np.concatenate([swatch, line], axis=1)
