"""`HumanParser` and `mghp predict` with a network of three steps: what it answers, not how well."""

import io
import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from mghp import HumanParser
from mghp.cli.overrides import words_of_predict
from mghp.config.inference import InferenceConfig
from mghp.config.load import load_config_text, to_yaml
from mghp.datasets.pictures import load_pictures
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.inference.image_files import picture_files
from mghp.inference.predict import predict
from mghp.inference.prediction_files import prediction_names
from mghp.inference.test_time import brought_back, parsed_size


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def checkpoint(small_config, tmp_path_factory):
    torch.set_num_threads(1)
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", "trainer.max_steps=3", "trainer.precision=32-true")
    return run_training(config, *load_pictures(config.data, nothing)) / "checkpoints" / "last.ckpt"


@pytest.fixture(scope="module")
def parser(checkpoint):
    # Few peaks: an untrained network sees candidates everywhere.
    return HumanParser(checkpoint, "assembly.max_peaks=3", "assembly.peak_threshold=0")


def photo(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def assert_same(first, second):
    for name in ("parts", "person_ids", "person_scores", "part_scores", "keypoints"):
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))


def test_arrays_pillow_images_and_files_are_answered_alike(parser, tmp_path):
    image = photo(50, 70)
    Image.fromarray(image).save(tmp_path / "a.png")
    found = parser.predict(image)
    assert found.parts.shape == found.person_ids.shape == (50, 70)
    assert found.person_ids.max() <= len(found.person_scores)
    assert found.keypoints.shape[1:] == (17, 3)
    assert_same(found, parser.predict(Image.fromarray(image)))
    assert_same(found, parser.predict(tmp_path / "a.png"))


def test_tensors_are_taken_and_the_call_is_predict(parser):
    image = photo(50, 70)
    tensor = torch.from_numpy(image).permute(2, 0, 1)
    assert_same(parser.predict(image), parser(tensor))


def test_the_fields_of_a_picture_are_those_that_its_persons_are_assembled_of(parser):
    image = photo(50, 70)
    fields = parser.fields(image)
    (found,) = parser.module.assembler(fields)
    assert found.parts.shape == fields.image_size == parser.predict(image).parsed_size
    assert_same(parser.predict(image), brought_back(found, (50, 70)))


@pytest.mark.parametrize(
    ("picture", "error", "words"),
    [
        (np.zeros((4, 4), np.uint8), ValueError, r"expected \(height, width, 3\) uint8, got \(4, 4\) of uint8"),
        (np.zeros((0, 4, 3), np.uint8), ValueError, r"\(0, 4, 3\)"),
        (np.zeros((4, 4, 3)), ValueError, r"0 to 255 as uint8, got \(4, 4, 3\) of float64"),
        (torch.zeros(3, 4, 4), ValueError, r"0 to 255 as uint8, got \(3, 4, 4\) of torch.float32"),
        (torch.zeros(4, 4, 3, dtype=torch.uint8), ValueError, r"expected \(3, height, width\) uint8"),
        ("nowhere.png", InputError, r"picture nowhere\.png: no such file"),
        (None, TypeError, "a file, a Pillow image, an array or a tensor, got NoneType"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(parser, picture, error, words):
    with pytest.raises(error, match=words) as caught:
        parser.predict(picture)
    assert len(str(caught.value).splitlines()) == 1


def test_a_list_is_answered_picture_by_picture_in_batches_of_one_size(checkpoint, tmp_path, monkeypatch):
    settings = ["assembly.max_peaks=3", "assembly.peak_threshold=0", "inference.longest_side=64"]
    images = [photo(48, 64, seed=1), photo(64, 48, seed=2), photo(96, 128, seed=3), photo(48, 64, seed=4)]
    Image.fromarray(images[1]).save(tmp_path / "street.png")
    alone = [HumanParser(checkpoint, *settings).predict(image) for image in images]
    parser, sizes = HumanParser(checkpoint, *settings, "inference.batch_size=2"), []
    fields = parser.module.fields
    monkeypatch.setattr(parser.module, "fields", lambda image: sizes.append(tuple(image.shape)) or fields(image))
    together = parser.predict([images[0], tmp_path / "street.png", *images[2:]])
    assert sizes == [(2, 3, 48, 64), (1, 3, 48, 64), (1, 3, 64, 48)]
    assert [one.name for one in together] == ["picture_1", "street.png", "picture_3", "picture_4"]
    assert [one.parsed_size for one in together] == [(48, 64), (64, 48), (48, 64), (48, 64)]
    for found, expected in zip(together, alone, strict=True):
        assert found.parts.shape == expected.image.shape[:2]
        assert (found.parts == expected.parts).mean() > 0.99  # a batch may round a logit otherwise
    assert parser.predict([]) == []


@pytest.mark.parametrize("overrides", [
    ["inference.scales=[0.5,1,1.5]"], ["inference.tile=32", "inference.overlap=16"], ["inference.longest_side=40"],
    ["inference.scales=[1,2]", "inference.tile=48", "inference.overlap=16", "assembly.average_mirror=true"],
])  # fmt: skip
def test_test_time_choices_answer_in_the_picture_s_own_pixels(checkpoint, overrides):
    settings = ["assembly.max_peaks=3", "assembly.peak_threshold=0", *overrides]
    found = HumanParser(checkpoint, *settings).predict(photo(60, 90))
    assert found.parts.shape == (60, 90)
    assert np.isfinite(found.keypoints).all()
    assert (found.keypoints[..., 0] <= 95).all()


def test_one_scale_of_1_is_no_augmentation(parser, checkpoint):
    plain = HumanParser(checkpoint, "assembly.max_peaks=3", "assembly.peak_threshold=0", "inference.scales=[1.0]")
    assert_same(parser.predict(photo(40, 40)), plain.predict(photo(40, 40)))


def test_untold_sizes_stay_up_to_1024():
    untold = InferenceConfig()
    assert parsed_size((400, 600), untold) == (400, 600)
    assert parsed_size((4000, 6000), untold) == (683, 1024)
    assert parsed_size((400, 600), untold, trained_side=300) == (200, 300)
    assert parsed_size((1, 5000), InferenceConfig(longest_side=300), trained_side=400) == (1, 300)


def test_pictures_own_size_has_a_bound_that_a_checkpoint_may_state(parser):
    bounded = InferenceConfig(own_size_up_to=500)
    assert parsed_size((300, 400), bounded, trained_side=128) == (300, 400)
    assert parsed_size((600, 1000), bounded, trained_side=128) == (300, 500)
    assert parsed_size((600, 1000), replace(bounded, longest_side=100)) == (60, 100)
    found = HumanParser.of(parser.module, load_config_text(to_yaml(parser.config), ["inference.own_size_up_to=60"]))
    assert repr(found.predict(photo(50, 100))).endswith("100x50 parsed at 60x30")
    assert found.predict(photo(50, 40)).parsed_size == (50, 40)


def test_a_folder_of_all_kinds(checkpoint, tmp_path, mghp):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    Image.fromarray(photo(1, 1)).save(pictures / "dot.png")
    Image.fromarray(photo(30, 50)).save(pictures / "twice.png")
    Image.fromarray(photo(30, 50)).save(pictures / "twice.jpg")
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(40, 80)).save(pictures / "turned.jpg", exif=exif)
    buffer = io.BytesIO()
    Image.fromarray(photo(100, 100)).save(buffer, "JPEG")
    (pictures / "cut.jpg").write_bytes(buffer.getvalue()[:800])
    (pictures / "text.jpg").write_text("a letter, not a picture")
    process = mghp("predict", checkpoint, pictures, "--out", "out", "assembly.max_peaks=3", folder=tmp_path)
    assert process.returncode == 1
    lines = process.stderr.splitlines()
    assert [line.startswith("mghp: skipped") for line in lines] == [True, True]
    assert "cut.jpg" in lines[0]
    assert "text.jpg" in lines[1]
    out = tmp_path / "out"
    sizes = {"dot": (1, 1), "twice.png": (50, 30), "twice.jpg": (50, 30), "turned": (40, 80)}  # width, height
    for name, size in sizes.items():
        for kind in ("parts", "persons"):
            assert Image.open(out / f"{name}_{kind}.png").size == size
        assert min(Image.open(out / f"{name}_overlay.png").size) > 400
    assert len(list(out.glob("*.png"))) == 3 * len(sizes)
    poses = json.loads((out / "poses.json").read_text())
    assert sorted(image["file_name"] for image in poses["images"]) == [
        "dot.png",
        "turned.jpg",
        "twice.jpg",
        "twice.png",
    ]
    assert all(len(annotation["keypoints"]) == 51 for annotation in poses["annotations"])
    *said, where = process.stdout.splitlines()
    assert where == "out"
    assert [re.sub(r"\d+ persons?", "N", line) for line in said] == [
        "dot.png: N, 1x1 parsed at 64x64",
        "turned.jpg: N, 40x80 parsed at 32x64",
        "twice.jpg: N, 50x30 parsed at 64x38",
        "twice.png: N, 50x30 parsed at 64x38",
    ]
    labels = json.loads((out / "labels.json").read_text())
    assert labels["parts"]["0"] == {"name": "background", "colour": [0, 0, 0]}
    palette = Image.open(out / "turned_parts.png").getpalette()
    for label, entry in labels["parts"].items():
        assert palette[3 * int(label) : 3 * int(label) + 3] == entry["colour"]
    assert labels["keypoints"] == poses["categories"][0]["keypoints"]
    assert len(labels["limbs"]) == len(poses["categories"][0]["skeleton"])


def test_files_folders_and_patterns_and_settings_in_any_order(checkpoint, tmp_path, mghp):
    for folder in ("may", "june"):
        (tmp_path / folder).mkdir()
        for name in ("a", "b"):
            Image.fromarray(photo(8, 8)).save(tmp_path / folder / f"{name}.png")
    words = ["may/a.png", "may", "inference.batch_size=3", "june/*.png", "inference.longest_side=32"]
    process = mghp("predict", checkpoint, *words, "--out", "out", folder=tmp_path)
    assert process.returncode == 0, process.stderr
    shown = ["may/a.png", "may/b.png", "june/a.png", "june/b.png"]
    assert [line.partition(": ")[0] for line in process.stdout.splitlines()[:-1]] == shown
    assert all(line.endswith("8x8 parsed at 32x32") for line in process.stdout.splitlines()[:-1])
    poses = json.loads((tmp_path / "out" / "poses.json").read_text())
    assert [image["file_name"] for image in poses["images"]] == shown
    overlays = sorted(file.name for file in (tmp_path / "out").glob("*_overlay.png"))
    assert overlays == [f"{folder}_{name}_overlay.png" for folder in ("june", "may") for name in ("a", "b")]


def test_what_names_no_picture_is_told_before_anything_is_loaded(tmp_path, mghp):
    for words, expected in (
        (["seed=1"], "mghp predict: expected pictures, folders or patterns, e.g. photos"),
        (["photos"], "photos: no such picture or folder"),
        (["*.jpg"], "*.jpg: no picture in it"),
    ):
        process = mghp("predict", "not_there.ckpt", *words, folder=tmp_path)
        assert process.returncode == 2
        assert process.stderr.startswith(f"mghp: {expected}"), process.stderr
        assert len(process.stderr.splitlines()) == 1


def test_a_file_with_an_equals_sign_is_a_picture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "seed=1").touch()
    assert words_of_predict(["seed=1", "seed=2", "a/b=1.jpg"]) == ("shipped", ["seed=1", "a/b=1.jpg"], ["seed=2"])


def test_the_first_word_may_be_a_checkpoint_and_else_is_a_picture(checkpoint, tmp_path):
    run = str(checkpoint.parents[1])
    for given in (str(checkpoint), run, "missing.ckpt", "shipped"):
        assert words_of_predict([given, "photos"]) == (given, ["photos"], [])
    (tmp_path / "photos").mkdir()
    for pictures in (["photos", run], [str(tmp_path / "photos")], ["a.jpg", "b.jpg"]):
        assert words_of_predict(pictures) == ("shipped", pictures, [])
    with pytest.raises(InputError, match="expected pictures, folders or patterns"):
        words_of_predict([run, "seed=1"])


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (["a/x.jpg", "b/x.jpg", "c.jpg"], ["a_x", "b_x", "c"]),
        (["/a/x.jpg", "../x.png", "../y/x.jpg"], ["a_x", "x", ".._y_x"]),
        (["a/x.jpg", "b/x.jpg", "a_x.jpg"], ["1_x", "2_x", "3_a_x"]),
    ],
)
def test_no_two_pictures_have_outputs_of_one_name(files, names):
    assert list(prediction_names([Path(file) for file in files]).values()) == names


def test_the_pictures_folder_as_the_out_folder(parser, tmp_path):
    for name in ("a", "b"):
        Image.fromarray(photo(20, 30)).save(tmp_path / f"{name}.png")
    first = predict(parser, picture_files(tmp_path), tmp_path, nothing, nothing)
    names = sorted(file.name for file in tmp_path.iterdir())
    assert len(names) == 2 + 6 + 2 + 1  # pictures, maps and overlays, poses and labels, the list of them
    again = predict(parser, picture_files(tmp_path), tmp_path, nothing, nothing)
    assert first.parsed == again.parsed == [tmp_path / "a.png", tmp_path / "b.png"]
    assert sorted(file.name for file in tmp_path.iterdir()) == names
    # What somebody has made of an output is a picture of theirs, which is not replaced either.
    Image.fromarray(photo(20, 30)).save(tmp_path / "a_parts.png")
    assert tmp_path / "a_parts.png" in picture_files(tmp_path)
    with pytest.raises(InputError, match=r"a_parts\.png: would be replaced"):
        predict(parser, picture_files(tmp_path), tmp_path, nothing, nothing)


@pytest.mark.parametrize("name", ["a_parts.png", "a_overlay.png", "poses.json", "labels.json"])
def test_files_of_others_are_told_before_anything_is_loaded(name, tmp_path, mghp):
    (tmp_path / "pictures").mkdir()
    Image.fromarray(photo(4, 4)).save(tmp_path / "pictures" / "a.png")
    (tmp_path / name).write_text("mine")
    process = mghp("predict", "pictures", "--out", ".", folder=tmp_path)
    assert process.returncode == 2
    assert process.stderr.startswith(f"mghp: {name}: would be replaced, but mghp did not write it")
    assert len(process.stderr.splitlines()) == 1
    assert (tmp_path / name).read_text() == "mine"


def test_a_bad_checkpoint_is_one_line(tmp_path, mghp):
    Image.fromarray(photo(4, 4)).save(tmp_path / "a.png")
    (tmp_path / "weights.ckpt").write_bytes(b"none")
    process = mghp("predict", "weights.ckpt", "a.png", folder=tmp_path)
    assert process.returncode == 2
    assert len(process.stderr.splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is counted in other units elsewhere")
def test_a_picture_of_24_megapixels_takes_less_than_2_gigabytes(checkpoint, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(photo(40, 60)).resize((6000, 4000)).save(tmp_path / "large.jpg", exif=exif)
    # Not getrusage: its peak is handed down by whoever started the process.
    code = (
        "import sys; from mghp.cli.main import app; app(sys.argv[1:], standalone_mode=False);"
        "print(next(line for line in open('/proc/self/status') if line.startswith('VmHWM')).split()[1])"
    )
    arguments = ["predict", checkpoint, tmp_path / "large.jpg", "--out", tmp_path, "assembly.max_peaks=3"]
    process = subprocess.run([sys.executable, "-c", code, *map(str, arguments)], capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    for kind in ("parts", "persons"):
        assert Image.open(tmp_path / f"large_{kind}.png").size == (4000, 6000)
    width, height = Image.open(tmp_path / "large_overlay.png").size
    assert width >= 2 * 1067
    assert height >= 1600
    assert int(process.stdout.split()[-1]) < 2_000_000  # kilobytes


def test_who_imports_mghp_does_not_pay_for_the_parser():
    code = "import sys, mghp; assert not {'torch', 'lightning', 'numpy'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
