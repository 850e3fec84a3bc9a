import numpy as np
import pytest
from PIL import Image

from mghp.datasets.picture_pixels import picture_pixels

RAMP = np.tile(np.linspace(0, 255, 40).astype(np.uint8), (20, 1))


@pytest.mark.parametrize(("dtype", "full"), [
    (np.uint16, 65535), (np.int32, 255), (np.int32, 65535), (np.int32, 2**31 - 1),
    (np.float32, 1), (np.float32, 255), (np.float32, 65535),
])  # fmt: skip
def test_wider_numbers_become_8_bits_by_the_range_that_holds_them(dtype, full):
    wide = (RAMP.astype(np.float64) * full / 255).astype(dtype)
    found = picture_pixels(Image.fromarray(wide))
    np.testing.assert_array_equal(found, np.repeat(RAMP[..., None], 3, 2))


def test_floats_a_little_above_1_are_white_and_those_that_are_none_black():
    image = Image.fromarray(np.array([[0.5, 1.03, np.nan, np.inf, -0.2]], np.float32))
    assert picture_pixels(image)[0, :, 0].tolist() == [128, 255, 0, 0, 0]


def test_what_is_transparent_of_16_bits_is_white():
    image = Image.fromarray(np.array([[0, 300, 65535 // 3]], np.uint16))
    image.info["transparency"] = 300
    assert picture_pixels(image)[0, :, 0].tolist() == [0, 255, 85]


def turned(image):
    """Stored so that EXIF orientation 6 turns it upright."""
    stored = Image.fromarray(image).transpose(Image.Transpose.ROTATE_90)
    stored.getexif()[0x0112] = 6
    return stored


def test_labels_tell_whether_they_were_drawn_on_the_upright_picture_or_on_the_stored_one():
    upright = np.random.default_rng(0).integers(0, 255, (20, 30, 3), np.uint8)
    stored = turned(upright)
    np.testing.assert_array_equal(picture_pixels(stored), upright)
    np.testing.assert_array_equal(picture_pixels(stored, (20, 30)), upright)
    np.testing.assert_array_equal(picture_pixels(stored, (30, 20)), np.asarray(stored))
    np.testing.assert_array_equal(picture_pixels(stored, (7, 7)), upright)  # they fit neither
    square = upright[:, :20]
    np.testing.assert_array_equal(picture_pixels(turned(square), (20, 20)), square)  # they fit both
