import io

import numpy as np
import pytest
from PIL import Image

from mghp.errors import InputError
from mghp.inference.image_files import picture_files, upright_picture


def photo(height=20, width=30):
    rows, columns = np.mgrid[:height, :width]
    return np.stack([rows * 12, columns * 8, rows + columns], -1).astype(np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_exif_orientation_is_turned_upright(orientation, tmp_path):
    upright = photo()
    stored = Image.fromarray(upright)
    # What a camera stores is what the orientation's operation turns upright again.
    undone = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}
    if orientation > 1:
        stored = stored.transpose(undone[orientation])
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(tmp_path / "a.png", exif=exif)
    np.testing.assert_array_equal(upright_picture(tmp_path / "a.png"), upright)


def test_grey_and_16_bits_and_palettes(tmp_path):
    grey = photo()[..., 1]
    Image.fromarray(grey).save(tmp_path / "grey.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.png")
    Image.fromarray(grey.astype(np.uint16) * 257).save(tmp_path / "deep.tiff")
    Image.fromarray(photo()).convert("P").save(tmp_path / "palette.gif")
    for name in ("grey.png", "deep.png", "deep.tiff"):
        np.testing.assert_array_equal(upright_picture(tmp_path / name), np.repeat(grey[..., None], 3, 2))
    assert upright_picture(tmp_path / "palette.gif").shape == (20, 30, 3)


def test_what_is_transparent_is_white_and_cmyk_is_converted(tmp_path):
    clear = np.zeros((4, 4, 4), np.uint8)
    clear[:2] = (10, 20, 30, 255)
    Image.fromarray(clear).save(tmp_path / "clear.png")
    found = upright_picture(tmp_path / "clear.png")
    assert (found[:2] == (10, 20, 30)).all()
    assert (found[2:] == 255).all()
    Image.fromarray(photo()).convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert np.abs(upright_picture(tmp_path / "print.jpg").astype(int) - photo()).mean() < 6


def faulty(kind):
    buffer = io.BytesIO()
    Image.fromarray(photo(200, 200)).save(buffer, "JPEG")
    return {"truncated": buffer.getvalue()[:1000], "text": b"not a picture", "empty": b""}[kind]


@pytest.mark.parametrize("kind", ["truncated", "text", "empty"])
def test_an_unreadable_file_is_named(kind, tmp_path):
    (tmp_path / "bad.jpg").write_bytes(faulty(kind))
    with pytest.raises(InputError, match=r"bad\.jpg: unreadable"):
        upright_picture(tmp_path / "bad.jpg")


def test_a_folder_s_pictures(tmp_path):
    with pytest.raises(InputError, match="no picture in it"):
        picture_files(tmp_path)
    for name in ("b.PNG", "a.jpg", "notes.txt"):
        (tmp_path / name).touch()
    assert [file.name for file in picture_files(tmp_path)] == ["a.jpg", "b.PNG"]
    assert picture_files(tmp_path / "notes.txt") == [tmp_path / "notes.txt"]  # asked for by name
    with pytest.raises(InputError, match="no such picture or folder"):
        picture_files(tmp_path / "nowhere")
