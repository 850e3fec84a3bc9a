"""The one reading of a picture, be it a dataset's, a user's file or a Pillow image: upright, in colour, 8 bits."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

_WHOLE_RANGES = (255.0, 65535.0, 2.0**31 - 1)
_FLOAT_RANGES = (1.0, 255.0, 65535.0)
_OVERSHOOT = 2.0
"""Up to which numbers of floats are of 0 to 1: resampling leaves that range a little; of 255 as much would be black."""


def picture_pixels(image: Image.Image, labelled_size: tuple[int, int] | None = None) -> NDArray[np.uint8]:
    """Return a picture's pixels, (height, width, 3) uint8: red, green, blue.

    A picture is turned as its EXIF orientation says: that is how people look at it, and label it. Labels that fit only
    the picture as it is stored were drawn on that, and it stays so. Grey becomes grey in all three channels, CMYK
    becomes RGB, and what is transparent becomes white. Wider numbers become 8 bits by the smallest range that holds
    them: 0 to 255, 65535 or 2**31 - 1 of whole ones, 0 to 1, 255 or 65535 of floats.

    Args:
        image: any of Pillow's; of several frames the present one.
        labelled_size: (height, width) of its labels, where it has some.
    """
    upright = ImageOps.exif_transpose(image)
    stays = labelled_size == (image.height, image.width) and labelled_size != (upright.height, upright.width)
    return np.asarray(_rgb(image if stays else upright))


def _rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I") or image.mode == "F":
        return _grey_of_8_bits(image).convert("RGB")
    if image.has_transparency_data:
        transparent = image.convert("RGBA")
        white = Image.new("RGBA", transparent.size, "white")
        return Image.alpha_composite(white, transparent).convert("RGB")
    return image.convert("RGB")


def _grey_of_8_bits(image: Image.Image) -> Image.Image:
    """Convert to 8 bits, where Pillow's own conversion would cut wider numbers off."""
    numbers = np.asarray(image)
    values = np.nan_to_num(numbers.astype(np.float64), posinf=0.0, neginf=0.0)
    full = _full_range(float(values.max(initial=0)), image.mode == "F")
    if "transparency" in image.info:
        values[numbers == image.info["transparency"]] = full
    return Image.fromarray((values.clip(0, full) * (255 / full)).round().astype(np.uint8))


def _full_range(largest: float, is_float: bool) -> float:
    if is_float and largest <= _OVERSHOOT:
        return 1.0
    ranges = _FLOAT_RANGES if is_float else _WHOLE_RANGES
    return next((full for full in ranges if largest <= full), ranges[-1])
