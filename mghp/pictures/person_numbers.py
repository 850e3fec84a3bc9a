"""The numbers of persons, written above their heads."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw
from scipy import ndimage

from mghp.pictures.canvas import Rgb
from mghp.pictures.sketch import Colour
from mghp.pictures.text import BLACK, WHITE, font, text_width


def with_numbers(
    picture: Rgb, person_ids: NDArray[np.integer], colours: NDArray[np.uint8], *, smallest: int = 11
) -> Rgb:
    """Write the number of each person with pixels on its colour, the larger the taller the person.

    Args:
        picture: (height, width, 3).
        person_ids: person of each pixel, 0 nobody, p + 1 person p, (height, width).
        colours: colours of persons, (person, 3).
        smallest: size of the smallest letters, pixels; the largest have twice as many.
    """
    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    places = ndimage.find_objects(person_ids, len(colours)) if len(colours) else []
    for number, place in enumerate(places, start=1):
        if place is None:
            continue
        rows = place[0]
        middle = float(np.nonzero(person_ids[rows.start] == number)[0].mean())
        size = int(np.clip((rows.stop - rows.start) / 10, smallest, 2 * smallest))
        red, green, blue = (int(value) for value in colours[number - 1])
        _draw_tag(draw, str(number), (middle, rows.start), (red, green, blue), size)
    return np.asarray(image).copy()


def _draw_tag(draw: ImageDraw.ImageDraw, text: str, foot: tuple[float, float], colour: Colour, size: int) -> None:
    """Write a text on a ground of a colour whose lower edge has its middle at `foot`, but within the picture."""
    width, height = text_width(text, size, bold=True) + size // 2, round(1.2 * size)
    left = min(max(foot[0] - width / 2, 0), max(draw.im.size[0] - width - 1, 0))
    top = max(foot[1] - height - 2, 0)
    draw.rectangle((left, top, left + width, top + height), fill=colour, outline=BLACK)
    is_bright = np.dot(colour, (0.299, 0.587, 0.114)) > 110
    ink = BLACK if is_bright else WHITE
    draw.text((left + width / 2, top + height / 2), text, ink, font(size, bold=True), anchor="mm")
