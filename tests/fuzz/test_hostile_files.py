"""Files that were made to do harm: each is refused by one line that names it, or does nothing."""

import io
import json
import os
import pickle
import re
import struct
import sys
import zipfile
import zlib

import numpy as np
import official_layouts as layouts
import pytest
import torch
import yaml
from PIL import Image
from rich.console import Console

from mghp.anatomy.persons import PredictedPersons
from mghp.config.data import DataConfig
from mghp.config.dataset_names import DATASETS
from mghp.config.load import load_config, load_config_text
from mghp.config.schema import Config
from mghp.datasets.cihp import CIHPSamples, CIHPSubmission
from mghp.datasets.coco_json import read_coco, read_json
from mghp.datasets.coco_masks import decoded_mask, polygons_mask
from mghp.datasets.densepose_coco import DensePoseCOCO
from mghp.datasets.label_files import read_labels, read_numbers, read_picture
from mghp.datasets.mat_files import read_mat
from mghp.datasets.mhp_v2 import MHPSubmission, MHPv2, read_mhp_submission, read_poses
from mghp.errors import InputError, existing_file, inside
from mghp.inference.image_files import picture_files, upright_picture
from mghp.inference.outputs import output_files
from mghp.inference.parsed_picture import ParsedPicture
from mghp.inference.predict import predict
from mghp.parsing.checkpoints import read_checkpoint
from mghp.pictures.style import plain, plt, save
from mghp.progress import progress_bar
from mghp.report.table import Table
from mghp.runs.arrays import read_arrays
from mghp.runs.files import read_config, read_result, read_rows
from mghp.runs.read import Run
from mghp.sweep.metric_rows import MetricRows
from mghp.sweep.progress import Progress
from mghp.sweep.supervisor import Event, Options, ready_sweep
from mghp.sweep.sweep_file import read_sweep
from mghp.training.build import build_module, load_module


class Harm:
    """Unpickled, it writes a file."""

    def __init__(self, file):
        self.file = file

    def __reduce__(self):
        return (open, (str(self.file), "w"))


# Names that came from outside.

LEADING_OUT = ["../../x", "/etc/passwd", "a/../../x", "..", ".", "", "a//b", "a\0b", "..\\..\\x", 3, None]


@pytest.mark.parametrize("name", LEADING_OUT)
def test_a_name_that_leads_out_of_its_folder_is_refused(name, tmp_path):
    with pytest.raises(InputError, match="names no file below it"):
        inside(tmp_path, name)


def test_a_name_longer_than_any_file_s_is_refused(tmp_path):
    with pytest.raises(InputError, match="File name too long"):
        inside(tmp_path, "n" * 5000)
    with pytest.raises(InputError, match="File name too long"):
        existing_file(tmp_path / ("n" * 5000), "list")
    with pytest.raises(InputError, match="list"):
        existing_file("a\ud800", "list")


def test_a_link_is_followed_below_its_folder_alone(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.jpg").write_text("x")
    (tmp_path / "linked").symlink_to(tmp_path / "elsewhere")
    assert inside(tmp_path / "linked", "secret.jpg").is_file()  # the whole folder may lie elsewhere
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "1.jpg").symlink_to(tmp_path / "elsewhere" / "secret.jpg")
    (tmp_path / "images" / "2.jpg").symlink_to("2.jpg")
    with pytest.raises(InputError, match=r"images: '1.jpg' is a link that leads out of it"):
        inside(tmp_path / "images", "1.jpg")
    with pytest.raises(InputError, match=r"2\.jpg"):
        inside(tmp_path / "images", "2.jpg")


def made(name):
    anatomy = DATASETS[name].load().anatomy
    return layouts.made_pictures(1, anatomy.num_labels, anatomy.num_keypoints)


@pytest.mark.parametrize("name", ["../1", "/etc/passwd", "../../val/images/1"])
def test_a_list_cannot_name_pictures_outside_the_dataset(name, tmp_path):
    layouts.write_mhp_v2(tmp_path / "mhp", made("mhp_v2"))
    (tmp_path / "mhp" / "list" / "val.txt").write_text(name)
    with pytest.raises(InputError, match="names no file below it"):
        MHPv2(tmp_path / "mhp", "val")[0]
    layouts.write_cihp(tmp_path / "cihp", made("cihp"))
    (tmp_path / "cihp" / "val_id.txt").write_text(name)
    with pytest.raises(InputError, match="names no file below it"):
        CIHPSamples(tmp_path / "cihp", "val").labels(0)
    with pytest.raises(InputError, match=r"data\.splits: .* is no name of a split"):
        MHPv2.open(DataConfig(name="mhp_v2", root=str(tmp_path / "mhp")), "../list/val")


def test_a_linked_mask_is_not_read(tmp_path):
    layouts.write_mhp_v2(tmp_path / "mhp", made("mhp_v2"))
    mask = sorted((tmp_path / "mhp" / "val" / "parsing_annos").iterdir())[0]
    mask.rename(tmp_path / "mask.png")
    mask.symlink_to(tmp_path / "mask.png")
    with pytest.raises(InputError, match="leads out of it"):
        MHPv2(tmp_path / "mhp", "val").labels(0)


NOBODY = PredictedPersons(
    np.zeros((4, 4), np.uint8), np.zeros((4, 4), np.int16), np.zeros(0), np.zeros((0, 3)), np.zeros((0, 2, 3))
)


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a\0b"])
@pytest.mark.parametrize("writer", [MHPSubmission, CIHPSubmission])
def test_a_submission_writes_into_its_folder_alone(writer, name, tmp_path):
    with pytest.raises(InputError, match="names no file below it"):
        writer(tmp_path / "out").add(name, NOBODY)
    assert list(tmp_path.rglob("*.*")) == []


def test_predictions_are_written_into_their_folder_alone(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "precious.png").write_text("mine")
    (tmp_path / "out" / "a_persons.png").symlink_to(tmp_path / "precious.png")
    with pytest.raises(InputError, match="leads out of it"):
        output_files(tmp_path / "out", "a")
    with pytest.raises(InputError, match="File name too long"):
        output_files(tmp_path / "out", "n" * 250)


class NobodyIsFound:
    """In the place of a parser."""

    people = DATASETS["cihp"].load().anatomy
    config = Config()

    def predict(self, images):
        return [self.nobody(image) for image in images]

    def nobody(self, image):
        shape = image.shape[:2]
        keypoints = np.zeros((0, self.people.num_keypoints, 3))
        maps = np.zeros(shape, np.uint8), np.zeros(shape, np.int16)
        found = PredictedPersons(*maps, np.zeros(0), np.zeros((0, self.people.num_labels)), keypoints)
        return ParsedPicture.of(found, image, self.people)


def test_no_picture_s_predictions_replace_another_s(tmp_path):
    names = ("a.jpg", "a.png", "a.jpg.png", "a_parts.png", "b.png")
    for name in names:
        layouts.save(tmp_path / "in" / name, np.zeros((16, 16, 3), np.uint8))
    os.mkfifo(tmp_path / "in" / "pipe.png")  # to open it would be to wait for ever
    predicted = predict(NobodyIsFound(), picture_files(tmp_path / "in"), tmp_path / "out", print, print)
    assert len(predicted.parsed) == len(names)
    assert len(list((tmp_path / "out").glob("*.png"))) == 3 * len(names)
    assert len(predicted.unreadable) == 1


def test_a_submission_is_read_from_its_folder_alone(tmp_path):
    (tmp_path / "results.txt").write_text("../../x 1 0.5\n")
    with pytest.raises(InputError, match="names no file below it"):
        read_mhp_submission(tmp_path, 3)


def test_a_figure_is_written_into_its_folder_alone(tmp_path):
    figure = plt.figure()
    with pytest.raises(InputError, match="names no file below it"):
        save(figure, tmp_path / "out", "training_../../x")
    plt.close(figure)


@pytest.mark.parametrize("key", ["experiment", "variant"])
@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a\\b"])
def test_a_run_folder_lies_below_runs(key, name):
    variants = {"variants": {name: {}}} if key == "variant" else {}
    with pytest.raises(InputError, match=f"{key}: .* is no name of a folder below runs"):
        load_config_text(yaml.safe_dump({key: name, **variants}))


# Checkpoints and arrays.


@pytest.fixture(scope="module")
def checkpoint(small_config):
    module = build_module(small_config())
    return {"mghp_config": module.config_text, "state_dict": module.state_dict()}


@pytest.fixture
def saved(checkpoint, tmp_path):
    def save_it(**changed):
        torch.save({**checkpoint, **changed}, tmp_path / "any.ckpt")
        return tmp_path / "any.ckpt"

    return save_it


def test_a_checkpoint_with_a_pickled_object_is_refused_and_nothing_runs(saved, tmp_path):
    with pytest.raises(InputError, match=r"any\.ckpt: no readable checkpoint: more than tensors and plain types"):
        load_module(saved(harm=Harm(tmp_path / "harm")))
    (tmp_path / "plain.ckpt").write_bytes(pickle.dumps(Harm(tmp_path / "harm")))
    with pytest.raises(InputError, match=r"plain\.ckpt: no readable checkpoint"):
        load_module(tmp_path / "plain.ckpt")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"mghp_config": 3}, "mghp_config: expected str, got int"),
        ({"mghp_config": None}, "mghp_config: expected str, got NoneType"),
        ({"mghp_config": "seed: !!python/object/apply:os.getcwd []"}, "not readable as YAML"),
        ({"mghp_config": "experiment: ../../x"}, "experiment"),
        ({"state_dict": [1]}, "state_dict: expected dict, got list"),
        ({"state_dict": {}}, "its weights do not fit"),
    ],
)
def test_a_checkpoint_of_other_types_is_refused(changed, words, saved):
    with pytest.raises(InputError, match=words) as caught:
        load_module(saved(**changed))
    assert "any.ckpt" in str(caught.value) or words == "experiment"


@pytest.mark.parametrize(
    "other",
    ["x", None, torch.zeros(1).expand(10**6, 10**6), torch.zeros(3, dtype=torch.complex64), torch.zeros(3).to("meta")],
)
def test_weights_that_are_none_are_refused(other, saved, checkpoint):
    state = dict(checkpoint["state_dict"])
    state[next(name for name in state if name.startswith("network."))] = other
    with pytest.raises(InputError, match="its weights do not fit the network"):
        load_module(saved(state_dict=state))


def test_what_else_a_checkpoint_holds_is_not_loaded(saved, checkpoint):
    state = {**checkpoint["state_dict"], "weighting.other": "x", "huge": torch.zeros(1).expand(10**6, 10**6)}
    module, _ = load_module(saved(state_dict=state))
    assert not module.training


def test_a_checkpoint_that_grows_is_refused(saved, tmp_path):
    with zipfile.ZipFile(saved()) as archive, zipfile.ZipFile(tmp_path / "b.ckpt", "w", zipfile.ZIP_DEFLATED) as packed:
        for name in archive.namelist():
            packed.writestr(name, archive.read(name))
    with pytest.raises(InputError, match=r"b\.ckpt: no readable checkpoint: .* is compressed"):
        read_checkpoint(tmp_path / "b.ckpt")


def header(shape, dtype="<f8"):
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": dtype, "fortran_order": False, "shape": shape})
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (header((10**6, 10**6)) + b"x", "bytes of arrays; expected"),
        (header((2**62, 2**62)) + b"x", "bytes of arrays; expected"),
        (header((-3,)) + b"x", "unreadable"),
        (header((3,)) + b"x", "unreadable"),
        (header((1,), "|O") + pickle.dumps(Harm("/nowhere/x")), "unreadable: Object arrays cannot be loaded"),
        (b"no array", "unreadable"),
    ],
)
def test_arrays_that_promise_too_much_or_are_objects_are_refused(content, words, tmp_path):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("affinity.npy", content)
    with pytest.raises(InputError, match=rf"arrays .*a\.npz: .*{words}"):
        read_arrays(tmp_path / "a.npz", "arrays")


def test_arrays_that_unpack_to_gigabytes_or_break_off_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mghp.arrays.MOST_BYTES", 10_000)
    np.savez_compressed(tmp_path / "bomb.npz", zeros=np.zeros(10_000))
    with pytest.raises(InputError, match=r"bomb\.npz: 80128 bytes of arrays"):
        read_arrays(tmp_path / "bomb.npz", "arrays")
    (tmp_path / "cut.npz").write_bytes((tmp_path / "bomb.npz").read_bytes()[:-30])
    with pytest.raises(InputError, match=r"cut\.npz: unreadable"):
        read_arrays(tmp_path / "cut.npz", "arrays")


# YAML.

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{k}: &a{k} [*a{k - 1}, *a{k - 1}]\n" for k in range(1, 40))
MERGED = "a0: &a0 {x: 1}\n" + "".join(f"a{k}: &a{k} {{<<: [*a{k - 1}, *a{k - 1}]}}\n" for k in range(1, 40))
DOUBLED = "\n".join(f"  a{k}: ${{trainer.a{k + 1}}}${{trainer.a{k + 1}}}" for k in range(40))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (LAUGHS, "aliases that stand for more than 100000 values"),
        (MERGED, "aliases that stand for more than 100000 values"),
        ("seed: 1\nseed: 2", "key 'seed' is there twice"),
        ("trainer: {a: 1, a: 2}", "key 'a' is there twice"),
        ("seed: &a [*a]", "a value that holds itself"),
        ("seed: " + "[" * 300 + "]" * 300, "nested too deeply"),
        ("seed: 1" + ":1" * 1000, "a number of 2001 characters"),
        ("seed: " + "1" * 5000, "a number of 5000 characters"),
        ("seed: !!python/object/apply:os.system [id]", "could not determine a constructor"),
        ("seed: !!float", "index out of range"),
        ("#" * 1_000_001, "more than 1000000 bytes"),
    ],
)
def test_yaml_that_grows_or_runs_is_refused_everywhere(text, words, tmp_path):
    file = tmp_path / "any.yaml"
    file.write_text(text)
    for read in (load_config, read_sweep, read_config):
        with pytest.raises(InputError, match=rf"any\.yaml: not readable as YAML: .*{words}"):
            read(file)
    if not text.startswith("#"):
        with pytest.raises(InputError, match="not readable as YAML"):
            load_config_text(text)


def test_interpolations_that_grow_are_refused():
    with pytest.raises(InputError, match=r"config: 80 interpolations .*; expected 20 at most"):
        load_config_text(f"trainer:\n{DOUBLED}\n  a40: x")


def test_a_merge_key_and_an_alias_are_what_they_were():
    text = "variants: {a: &a {seed: 3}, b: {<<: *a, runs: here}}\nvariant: b"
    config = load_config_text(text)
    assert (config.seed, config.runs) == (3, "here")


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({f"p{k}": {"values": list(range(100))} for k in range(9)}, "a grid of more than 1000000 trials"),
        ({"p": {"min": 0, "max": 10**12}}, "a grid of more than 1000000 trials"),
        ({"p": {"min": 0, "max": 10**300}}, "expected a finite number"),
        ({"p": {"min": -1e6, "max": 1.0, "distribution": "log_uniform"}}, "exponents of e"),
        ({"p": {"min": 0.0, "max": 1.0, "distribution": "q_uniform", "q": 1e-300}}, "expected a positive number"),
    ],
)
def test_a_sweep_without_end_is_refused(parameters, words, tmp_path):
    content = {"method": "grid", "metric": {"name": "loss"}, "parameters": parameters, "command": ["true"]}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match=rf"sweep\.yaml: parameters\.p.*{words}"):
        read_sweep(tmp_path / "sweep.yaml")


def test_halvings_beyond_counting_leave_one_iteration(tmp_path):
    early = {"type": "hyperband", "max_iter": 9, "s": 10**9}
    content = {
        "method": "grid", "metric": {"name": "loss"}, "parameters": {"p": {"value": 1}}, "command": ["true"],
        "early_terminate": early,
    }  # fmt: skip
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    assert read_sweep(tmp_path / "sweep.yaml").early_terminate.first == 1


# JSON and annotations.


@pytest.mark.parametrize("text", ["[" * 100_000, "1" * 10_000, "{", "\xff", '{"a": 1'])
def test_json_that_is_none_is_refused(text, tmp_path):
    (tmp_path / "a.json").write_text(text, encoding="latin-1")
    with pytest.raises(InputError, match=r"a\.json: broken JSON"):
        read_json(tmp_path / "a.json")


IMAGE = {"id": 1, "file_name": "1.jpg", "width": 8, "height": 8}
ODD = [None, True, 1.5, float("nan"), float("inf"), [], {}]


@pytest.mark.parametrize("key", list(IMAGE))
@pytest.mark.parametrize("value", ODD)
def test_an_image_s_fields_have_their_types(key, value, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"images": [{**IMAGE, key: value}], "annotations": []}))
    with pytest.raises(InputError, match=rf"a\.json: images\[0\]: {key} must be"):
        read_coco(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("images", "words"),
    [
        ([IMAGE, IMAGE], r"images\[1\]: id 1 is taken by another image"),
        ([{**IMAGE, "width": 10**6, "height": 10**6}], r"images\[0\]: 1000000 x 1000000 pixels is no size"),
        ([{**IMAGE, "width": 10**400}], "is no size of a picture"),
        ([{**IMAGE, "height": 0}], "is no size of a picture"),
    ],
)
def test_images_that_cannot_be_are_refused(images, words, tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"images": images, "annotations": []}))
    with pytest.raises(InputError, match=words):
        read_coco(tmp_path / "a.json")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"keypoints": [1e400] * 51}, "expected finite keypoints"),
        ({"keypoints": [float("nan")] * 51}, "expected finite keypoints"),
        ({"keypoints": [10**400] * 51}, "expected finite keypoints"),
        ({"keypoints": [1e30, 1, 2] * 17}, "a keypoint lies 1e.30 pixels away"),
        ({"keypoints": [1, 1, 7] * 17}, "flags 0, 1 or 2"),
        ({"keypoints": "x" * 51}, "keypoints must hold 3 numbers each of 17"),
        ({"keypoints": [None] * 51}, "keypoints must hold 3 numbers each of 17"),
        ({"bbox": None}, "expected a bbox of 4 numbers"),
        ({"bbox": [0, 0, 1e9, 1e9]}, "expected a bbox of 4 numbers about the picture"),
        ({"bbox": [float("nan")] * 4}, "expected a bbox of 4 numbers"),
        ({"dp_masks": 14}, "dp_masks: expected 14"),
        ({"dp_masks": [{"size": [10**6, 10**6], "counts": "0"}] * 14}, "dp_masks: a mask of 1000000x1000000"),
        ({"segmentation": {"size": [10**6, 10**6], "counts": [10**12]}}, "a mask of 1000000x1000000 pixels in a pic"),
        ({"segmentation": "x"}, "expected run lengths or a list of polygons"),
    ],
)
def test_an_annotation_that_cannot_be_names_itself(changed, words, tmp_path):
    pictures = made("densepose_coco")
    layouts.write_densepose(tmp_path, pictures)
    file = tmp_path / "densepose_coco_2014_minival.json"
    content = json.loads(file.read_text())
    content["annotations"][0] |= changed
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=rf"annotation 0.*{words}"):
        DensePoseCOCO(tmp_path, "minival").labels(0)


@pytest.mark.parametrize("counts", ["0", "000000000", "P", "o" * 1000, "\x7f\x7f", "", [64, 1], [-1, 65], [1e3], "é"])
def test_run_lengths_of_other_pixels_never_reach_the_decoder(counts):
    """pycocotools returns memory that is not its own for some of them."""
    with pytest.raises(InputError, match="mask"):
        decoded_mask({"size": [8, 8], "counts": counts}, "mask")


def test_run_lengths_are_read_as_they_were_written():
    rng = np.random.default_rng(0)
    for side in (1, 2, 7, 40):
        mask = rng.random((side, side + 3)) < 0.3
        assert (decoded_mask(layouts.run_lengths(mask), "mask") == mask).all()
    assert decoded_mask({"size": [2, 2], "counts": [1, 2, 1]}, "mask").tolist() == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    "polygons",
    [
        [[0, 0, 1e9, 0, 1e9, 1e9]], [[float("nan")] * 6], [[float("inf"), 0, 1, 1, 2, 2]], [[1, 2, 3]], [[]],
        [["a"] * 6], [5], [[10**400] * 6],
    ],
)  # fmt: skip
def test_polygons_far_away_never_reach_the_decoder(polygons):
    """pycocotools ends the process over the first."""
    with pytest.raises(InputError, match="polygon"):
        polygons_mask(polygons, (8, 8), "segmentation")


def test_a_polygon_in_its_picture_is_a_mask():
    assert polygons_mask([[0, 0, 4, 0, 4, 4, 0, 4]], (8, 8), "segmentation").sum() == 16


# Pictures.


def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png(width, height, depth=8, colour=2):
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    content = zlib.compress(bytes(1000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", content) + chunk(b"IEND", b"")


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\n(x) show\n%%EOF\n"


@pytest.mark.parametrize("read", [read_picture, read_numbers, upright_picture])
@pytest.mark.parametrize(
    "content", [b"", b"x", png(60_000, 60_000), png(64, 64), png(8, 8)[:40], b"\x89PNG\r\n\x1a\n" + b"\xff" * 40]
)
def test_a_picture_that_is_none_is_refused(read, content, tmp_path):
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.png: unreadable"):
        read(tmp_path / "a.png")


def test_no_reader_that_starts_programs_is_asked(tmp_path):
    """Pillow would hand it to Ghostscript, whatever the file is called."""
    (tmp_path / "a.png").write_bytes(EPS)
    with pytest.raises(InputError, match=r"a\.png: unreadable: cannot identify image file"):
        read_picture(tmp_path / "a.png")


def test_labels_beyond_a_byte_or_below_0_or_no_whole_numbers_are_refused(tmp_path):
    Image.fromarray(np.full((4, 4), 256 + 3, np.uint16)).save(tmp_path / "deep.png")
    with pytest.raises(InputError, match=r"deep\.png: label 259; expected 255 at most"):
        read_labels(tmp_path / "deep.png")
    Image.fromarray(np.full((4, 4), 0.5, np.float32)).save(tmp_path / "float.tif")
    with pytest.raises(InputError, match=r"float\.tif: expected whole numbers from 0 up"):
        read_labels(tmp_path / "float.tif")
    Image.fromarray(np.full((4, 4), -1, np.int32)).save(tmp_path / "signed.tif")
    with pytest.raises(InputError, match=r"signed\.tif: expected whole numbers from 0 up"):
        read_numbers(tmp_path / "signed.tif")
    Image.fromarray(np.eye(4, dtype=bool)).save(tmp_path / "bits.png")
    assert (read_labels(tmp_path / "bits.png") == np.eye(4)).all()


# MATLAB's files.


def element(kind, content):
    return struct.pack("<II", kind, len(content)) + content + bytes(-len(content) % 8)


def number_of_kind(kind):
    parts = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"a")
    matrix = element(14, parts + element(kind, struct.pack("<d", 1.0)))
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + matrix


def cells_in_cells(levels, lie=False):
    """A file of cells; `lie`: the inner ones' lengths say 8 bytes, which SciPy does not believe."""
    head = element(6, struct.pack("<II", 1, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"a")
    number = element(6, struct.pack("<II", 6, 0)) + element(5, struct.pack("<ii", 1, 1)) + element(1, b"a")
    inner = element(14, number + element(9, struct.pack("<d", 1.0)))
    sizes = [len(inner) + len(head) * (level + 1) + 8 * level for level in range(levels)]
    opened = b"".join(
        struct.pack("<II", 14, 8 if lie and size < sizes[-1] else size) + head for size in reversed(sizes)
    )
    return b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x0100) + b"IM" + opened + inner


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (cells_in_cells(20_000), "nested too deeply"),
        (cells_in_cells(20_000, lie=True), "lengths that do not add up|not enough values"),
        (number_of_kind(8), "parts of unknown kinds"),
        (number_of_kind(1000), "parts of unknown kinds"),
        (cells_in_cells(3)[:-40], "lengths that do not add up|breaks off"),
        (b"no MATLAB file" * 20, "no MATLAB file of level 5"),
        (b"", "no MATLAB file of level 5"),
    ],
)
def test_a_mat_file_that_has_no_end_is_refused(content, words, tmp_path):
    """SciPy ends the process over the first four."""
    (tmp_path / "1.mat").write_bytes(content)
    with pytest.raises(InputError, match=rf"pose file .*1\.mat: unreadable: .*({words})"):
        read_mat(tmp_path / "1.mat", "pose file")


def test_a_mat_file_that_unpacks_to_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("mghp.datasets.mat_files.MOST_BYTES", 100_000)
    from scipy.io import savemat

    savemat(tmp_path / "1.mat", {"person_0": np.zeros((1000, 1000))}, do_compression=True)
    with pytest.raises(InputError, match=r"1\.mat: unreadable: more than"):
        read_poses(tmp_path / "1.mat")


def test_a_pose_file_s_numbers_are_numbers_of_persons(tmp_path):
    from scipy.io import savemat
    from scipy.sparse import csc_matrix

    savemat(tmp_path / "1.mat", {"person_999999999": np.zeros((20, 3))})
    with pytest.raises(InputError, match=r"person_999999999; expected 1000 at most"):
        read_poses(tmp_path / "1.mat")
    savemat(tmp_path / "2.mat", {"person_0": csc_matrix((20, 3))})
    with pytest.raises(InputError, match=r"2\.mat"):
        read_poses(tmp_path / "2.mat")
    savemat(tmp_path / "3.mat", {"person_0": np.full((20, 3), 1e300)})
    with pytest.raises(InputError, match=r"3\.mat: person_0"):
        read_poses(tmp_path / "3.mat")


# Run folders and what is shown of them.

RESULT = {"experiment": "a", "variant": "", "metrics": {"x": 1.0}, "seed": 0, "commit": "abc"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"metrics": []}, "metrics must be an object"),
        ({"metrics": {"x": "1"}}, "metrics: x must be a number"),
        ({"metrics": {"x": 10**400}}, "metrics: x must be a number"),
        ({"experiment": None}, "experiment must be text"),
        ({"seed": "0"}, "seed must be a whole number"),
        ({"seed": float("nan")}, "seed must be a whole number"),
        ({"commit": 3}, "commit must be text"),
        ({"wall_seconds": {}}, "wall_seconds must be a number"),
    ],
)
def test_a_result_of_other_types_names_its_key(changed, words, tmp_path):
    (tmp_path / "result.json").write_text(json.dumps(RESULT | changed))
    with pytest.raises(InputError, match=rf"result\.json: {words}"):
        read_result(tmp_path / "result.json")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("data: 3", "data must be an object, got 3"),
        ("data: {augmentation: {rotation: x}}", "data.augmentation.rotation must be a number, got 'x'"),
        ("matcher: {name: nobody}", "matcher.name: 'nobody' is no matcher"),
        ("trainer: null", "trainer must be an object"),
    ],
)
def test_a_run_s_config_of_other_types_names_its_key(text, words, tmp_path):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(InputError, match=rf"config\.yaml: {words}"):
        read_config(tmp_path / "config.yaml")


EXAMPLE = {name: np.ones((2, 3)) for name in ("affinity", "assignment", "best", "truth")}


ARRAYS = {
    "mutual": ("association", lambda run: run.association("mutual")),
    "limbs": ("association", lambda run: run.tested("limbs")),
    "example": ("example", lambda run: run.example),
}


@pytest.mark.parametrize(
    ("read", "arrays", "words"),
    [
        ("mutual", {"mutual": np.ones((4, 2))}, r"mutual: expected numbers \(4, 3\), got float64 \(4, 2\)"),
        ("mutual", {"mutual": np.array("x")}, r"mutual: expected numbers \(n, 3\), got <U1 \(\)"),
        (
            "limbs",
            {"image": np.ones(2), "limbs": np.ones((3, 3))},
            r"limbs: expected numbers \(2, 3\), got .* \(3, 3\)",
        ),
        ("limbs", {"image": np.ones(2)}, "expected limbs of a learned scorer's images"),
        ("example", EXAMPLE | {"truth": np.ones((3, 2))}, r"truth: expected numbers \(2, 3\), got float64 \(3, 2\)"),
        ("example", EXAMPLE | {"affinity": np.ones(2)}, r"affinity: expected numbers \(source, destination\)"),
        ("example", {"affinity": np.ones((2, 3))}, "expected affinity, assignment, best, truth"),
    ],
)
def test_a_run_s_arrays_of_other_shapes_name_their_file(read, arrays, words, tmp_path):
    name, look = ARRAYS[read]
    (tmp_path / "media").mkdir()
    np.savez(tmp_path / "media" / f"{name}.npz", **arrays)
    with pytest.raises(InputError, match=rf"{name}\.npz: {words}"):
        look(Run(tmp_path))


PLACES = {
    "result.json": lambda run: run.result,
    "config.yaml": lambda run: run.config,
    "metrics.csv": lambda run: run.steps,
    "media/example.npz": lambda run: run.example,
    "media/association.npz": lambda run: run.association("mutual"),
    "ratios.csv": lambda run: run.rows("ratios.csv", ["x"]),
}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("put", ["folder", "link to nothing", "link to itself", "empty file", "device"])
def test_what_is_no_file_of_a_run_is_one_line_that_names_it(place, put, tmp_path):
    file = tmp_path / place
    file.parent.mkdir(exist_ok=True)
    if put == "folder":
        file.mkdir()
    elif put == "empty file":
        file.touch()
    else:
        file.symlink_to({"link to nothing": "nowhere", "link to itself": file, "device": "/dev/null"}[put])
    if (place, put) == ("config.yaml", "empty file"):  # an earlier version's with all at its default
        assert Run(tmp_path).config["seed"] == 0
        return
    with pytest.raises(InputError, match=re.escape(file.name)):
        PLACES[place](Run(tmp_path))


@pytest.mark.parametrize("text", ["", "\0\0", "step,loss\n1,two\n", "step\n1\n2,3,4\n", 'step,loss\n"1'])
def test_a_table_of_words_or_of_nothing_is_refused(text, tmp_path):
    (tmp_path / "metrics.csv").write_text(text)
    with pytest.raises(InputError, match=r"metrics\.csv"):
        read_rows(tmp_path / "metrics.csv", ["loss"])


def test_text_stays_text_in_tables():
    table = Table("T", "c", {"name": "", "x": ".1f"}, rows=[{"name": "<b>|\n$\\input{x}", "x": 1.0}])
    assert table.markdown().splitlines()[-1] == r"| &lt;b>\| $\input{x} | 1.0 |"
    assert r"\$\textbackslash{}input\{x\} & 1.0" in table.latex()


def test_text_stays_text_in_figures(tmp_path):
    figure, axes = plt.subplots()
    axes.set_title(plain(r"$\frac{$"))
    assert all(file.is_file() for file in save(figure, tmp_path, "any"))


def test_text_stays_text_in_a_progress_bar(monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    with progress_bar() as show:
        show(0, 1, "[/no such style].jpg")


def test_text_stays_text_in_a_sweep_s_table(tmp_path):
    content = {
        "method": "grid", "metric": {"name": "[/a]"}, "parameters": {"[/b]": {"values": ["[/c]", 2]}},
        "command": ["true"], "name": "[/d]",
    }  # fmt: skip
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    progress = Progress(read_sweep(tmp_path / "sweep.yaml"), 2)
    progress.note(Event(0, {"[/b]": "[/c]"}, "done", tmp_path, 1.0))
    console = Console(file=io.StringIO(), width=200)
    console.print(progress.table())
    assert all(text in console.file.getvalue() for text in ("[/a]", "[/b]", "[/c]", "[/d]"))


def test_a_sweep_s_name_stays_below_the_folder_of_sweeps(tmp_path):
    content = {
        "method": "grid", "metric": {"name": "loss"}, "parameters": {"p": {"value": 1}}, "command": ["true"],
        "name": "../../x",
    }  # fmt: skip
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InputError, match="names no file below it"):
        ready_sweep(read_sweep(tmp_path / "sweep.yaml"), tmp_path / "out", Options())


def test_a_metric_s_words_and_bytes_do_not_end_a_sweep(tmp_path):
    file = tmp_path / "metrics.csv"
    file.write_text("loss\n1.5\nwords\n2.5\n")
    assert MetricRows(file, "loss").new() == [1.5, 2.5]
    file.write_bytes(b"loss\n\xff\n")
    assert MetricRows(file, "loss").new() == []


def test_a_name_cannot_command_the_terminal(tmp_path, monkeypatch, capsys):
    import mghp.cli.main

    monkeypatch.setattr(sys, "argv", ["mghp", "tables", str(tmp_path / "a\x1b]0;mine\x07")])
    with pytest.raises(SystemExit):
        mghp.cli.main.main()
    assert capsys.readouterr().err.endswith("a?]0;mine?: no such run folder\n")
