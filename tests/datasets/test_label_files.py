import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from mghp.datasets.label_files import read_labels, read_numbers
from mghp.errors import InputError

GREY, COLOUR, GREY_AND_ALPHA = 0, 2, 4


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def write_png(file, colour, depth, row, width):
    """A PNG of one row, whose bits are as given."""
    head = struct.pack(">IIBBBBB", width, 1, depth, colour, 0, 0, 0)
    parts = chunk(b"IHDR", head), chunk(b"IDAT", zlib.compress(b"\0" + row)), chunk(b"IEND", b"")
    file.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))


@pytest.mark.parametrize(("depth", "row", "expected"), [
    (1, bytes([0b01010000]), [0, 1, 0, 1]), (2, bytes([0b00011011]), [0, 1, 2, 3]),
    (4, bytes([0x01, 0x7F]), [0, 1, 7, 15]), (8, bytes([0, 1, 19, 255]), [0, 1, 19, 255]),
    (16, struct.pack(">4H", 0, 1, 300, 65535), [0, 1, 300, 65535]),
])  # fmt: skip
def test_grey_of_every_depth_has_the_numbers_of_the_file(depth, row, expected, tmp_path):
    write_png(tmp_path / "a.png", GREY, depth, row, 4)
    assert read_numbers(tmp_path / "a.png").tolist() == [expected]


def test_of_a_palette_the_index_and_of_channels_the_first(tmp_path):
    labels = np.array([[0, 7, 19]], np.uint8)
    palette = Image.fromarray(labels)
    palette.putpalette(list(range(255, -1, -1)) * 3)
    palette.save(tmp_path / "palette.png", bits=8)
    Image.fromarray(np.stack([labels, 0 * labels, 255 - labels], -1)).save(tmp_path / "colour.png")
    for name in ("palette.png", "colour.png"):
        np.testing.assert_array_equal(read_labels(tmp_path / name), labels)


@pytest.mark.parametrize(("colour", "channels"), [(COLOUR, 3), (GREY_AND_ALPHA, 2)])
def test_channels_of_16_bits_which_would_be_cut_off_are_refused(colour, channels, tmp_path):
    write_png(tmp_path / "a.png", colour, 16, struct.pack(f">{channels}H", *[5] * channels), 1)
    with pytest.raises(InputError, match=r"label map .*a\.png: several channels of 16 bits"):
        read_labels(tmp_path / "a.png")
