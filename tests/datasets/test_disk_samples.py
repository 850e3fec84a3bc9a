import numpy as np
import official_layouts as layouts
import pytest
from PIL import Image

from mghp.config.data import DataConfig
from mghp.datasets.registry import disk_dataset
from mghp.errors import InputError

WRITERS = {
    "mhp_v2": (layouts.write_mhp_v2, "val/images/2.jpg", r"2_0\d_01\.png"),
    "cihp": (layouts.write_cihp, "Validation/Images/2.jpg", r"Category_ids/2\.png"),
    "pascal_person_part": (layouts.write_pascal_maps, "JPEGImages/2.jpg", r"pascal_person_part_gt/2\.png"),
}


@pytest.fixture(params=WRITERS)
def dataset(request, tmp_path):
    """The file of a picture that is wider than high, how its labels' file is named, and what reads its sample."""
    write, picture, labels = WRITERS[request.param]
    write(tmp_path, layouts.made_pictures(2, 7, 16)[1:])
    samples = disk_dataset(data := DataConfig(name=request.param, root=str(tmp_path))).open(data, "val")
    return tmp_path / picture, labels, lambda: samples[0]


def store(file, stored, orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored.save(file, exif=exif, quality=95)


def assert_shows(sample, expected):
    """The same picture, but for what JPEG loses."""
    assert sample.image.shape[:2] == sample.parts.shape
    assert np.abs(sample.image.astype(int).mean(-1) - expected.astype(int).mean(-1)).mean() < 3


@pytest.mark.parametrize(("orientation", "turn"), [(6, Image.Transpose.ROTATE_90), (3, Image.Transpose.ROTATE_180)])
def test_labels_lie_on_the_upright_picture(dataset, orientation, turn):
    file, _, read = dataset
    upright = read().image
    store(file, Image.fromarray(upright).transpose(turn), orientation)
    assert_shows(read(), upright)


def test_labels_that_fit_the_stored_picture_alone_lie_on_it(dataset):
    file, _, read = dataset
    stored = read().image
    store(file, Image.fromarray(stored), 6)
    assert_shows(read(), stored)


def test_a_picture_of_another_size_is_one_line_that_names_both_files(dataset):
    file, labels, read = dataset
    Image.new("RGB", (30, 31)).save(file)
    with pytest.raises(InputError, match=rf"{file.name}: 30x31 pixels, its labels .*{labels} 64x60$"):
        read()


def test_a_name_that_no_reader_has_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"^data\.name: 'synthetic' is no dataset on disk"):
        disk_dataset(DataConfig(name="synthetic", root=str(tmp_path)))
