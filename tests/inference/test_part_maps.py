import numpy as np
import pytest
from PIL import Image

from mghp.errors import InputError
from mghp.inference.part_maps import part_map_files, read_parts

LABELS = np.arange(6, dtype=np.uint8).reshape(2, 3)


def palette(labels):
    image = Image.fromarray(labels, mode="P")
    image.putpalette(list(range(256)) * 3)
    return image


@pytest.fixture
def folder(tmp_path):
    Image.fromarray(LABELS).save(tmp_path / "grey.png")
    palette(LABELS).save(tmp_path / "palette.png")
    np.save(tmp_path / "array.npy", LABELS.astype(np.int64))
    np.savez(tmp_path / "one.npz", LABELS)
    np.savez(tmp_path / "several.npz", parts=LABELS, logits=np.zeros(3))
    return tmp_path


def test_every_form_reads_the_same_numbers(folder):
    files = part_map_files([folder])
    assert list(files) == ["array", "grey", "one", "palette", "several"]
    for file in files.values():
        np.testing.assert_array_equal(read_parts(file), LABELS)


def test_files_patterns_and_folders_of_other_maps(folder):
    assert list(part_map_files([folder / "grey.png", folder / "*.npy"])) == ["array", "grey"]
    for name in ("a_parts.png", "a_persons.png", "b_seg.npy"):
        (folder / name).touch()
    assert list(part_map_files([folder])) == ["a", "b"]


def test_two_maps_of_one_picture_are_refused(folder):
    np.save(folder / "grey.npy", LABELS)
    with pytest.raises(InputError, match=r"grey\.\w+: a second part map of picture grey, beside .*grey\."):
        part_map_files([folder])


@pytest.mark.parametrize("source", ["empty", "nowhere", "nowhere/*.png"])
def test_where_there_is_none_is_told(tmp_path, source):
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "a.jpg").touch()
    with pytest.raises(InputError, match=r"no part map there; expected files that end in \.png, \.npy, \.npz"):
        part_map_files([tmp_path / source])


@pytest.mark.parametrize(("name", "content", "told"), [
    ("a.npy", np.zeros((2, 3)), r"expected \(height, width\) whole numbers, got 2x3 of float64"),
    ("a.npy", np.zeros((2, 3, 4), int), "expected .* got 2x3x4 of int64"),
    ("a.npy", np.full((1, 1), 300), "label 300; expected 0 to 255"),
    ("a.npy", np.full((1, 1), -1), "label -1; expected 0 to 255"),
    ("a.npy", np.array([{}]), "unreadable"),
    ("a.npy", b"no array", "unreadable"),
    ("a.npz", b"no archive", "unreadable"),
    ("a.npz", {"x": np.zeros(1), "y": np.zeros(1)}, "expected one array, or one named parts; got x, y"),
    ("a.png", b"no picture", "unreadable"),
])  # fmt: skip
def test_what_is_no_part_map_is_told_with_the_file(tmp_path, name, content, told):
    file = tmp_path / name
    if isinstance(content, dict):
        np.savez(file, **content)
    elif isinstance(content, bytes):
        file.write_bytes(content)
    else:
        np.save(file, content, allow_pickle=True)
    with pytest.raises(InputError, match=told) as caught:
        read_parts(file)
    assert str(file) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_colours_are_no_labels(tmp_path):
    file = tmp_path / "a.png"
    for others, is_refused in (((5, 9), True), ((0, 0), False), ((3, 3), False)):
        Image.fromarray(np.array([[[3, *others]]], np.uint8)).save(file)
        if is_refused:
            with pytest.raises(InputError, match=r"a\.png: a picture of colours; expected a label a pixel"):
                read_parts(file)
        else:
            assert read_parts(file).tolist() == [[3]]
