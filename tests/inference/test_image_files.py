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


def saved(kind, file):
    """A picture that Pillow's own conversion to RGB reads otherwise than people see it."""
    if kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(photo()).save(file.with_suffix(".jpg"), exif=exif)
        return file.with_suffix(".jpg")
    grey = photo()[..., 1]
    image = {
        "transparent": Image.fromarray(np.dstack([photo(), np.zeros((20, 30), np.uint8)])),
        "16 bits": Image.fromarray(grey.astype(np.uint16) * 257),
        "floats": Image.fromarray(grey.astype(np.float32) / 255),
    }[kind]
    image.save(file.with_suffix(".tiff"))
    return file.with_suffix(".tiff")


@pytest.mark.parametrize("kind", ["turned", "transparent", "16 bits", "floats"])
def test_a_pillow_image_is_read_like_its_file(kind, tmp_path):
    file = saved(kind, tmp_path / "a")
    expected = upright_picture(file)
    assert expected.shape == ((30, 20, 3) if kind == "turned" else (20, 30, 3))
    with Image.open(file) as image:
        np.testing.assert_array_equal(upright_picture(image), expected)
    if kind in ("16 bits", "floats"):
        np.testing.assert_array_equal(expected, np.repeat(photo()[..., 1:2], 3, 2))


def test_a_pillow_image_of_a_truncated_file_names_it(tmp_path):
    (tmp_path / "bad.jpg").write_bytes(faulty("truncated"))
    with Image.open(tmp_path / "bad.jpg") as image, pytest.raises(InputError, match=r"picture .*bad\.jpg: unreadable"):
        upright_picture(image)


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


def test_patterns_and_several_sources_name_each_picture_once(tmp_path):
    for name in ("a.jpg", "b.png", "deep/c.jpg", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    a, b, c = tmp_path / "a.jpg", tmp_path / "b.png", tmp_path / "deep" / "c.jpg"
    assert picture_files(tmp_path / "*") == [a, b]
    assert picture_files(tmp_path / "**" / "*.jpg") == [a, c]
    assert picture_files(b, tmp_path, tmp_path / "deep" / ".." / "a.jpg") == [b, a]
    with pytest.raises(InputError, match=r"\*\.bmp: no picture in it"):
        picture_files(tmp_path / "*.bmp")


def test_a_file_whose_name_is_a_pattern_is_that_file(tmp_path):
    (tmp_path / "a[1].jpg").touch()
    (tmp_path / "a1.jpg").touch()
    assert picture_files(tmp_path / "a[1].jpg") == [tmp_path / "a[1].jpg"]
