"""The script beside the package makes the persons of the assembly, from the program's outputs of true fields."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image

from mghp.datasets.pictures import load_pictures
from mghp.inference.export import describe
from mghp.inference.program import NUM_PEAKS, PictureProgram, exported_matcher
from mghp.parsing.batch import collate
from mghp.parsing.build import build_parser
from mghp.parsing.true_fields import true_fields


@pytest.fixture(scope="module")
def config(small_config):
    return small_config("assembly.read_missing_keypoints=false", f"assembly.max_peaks={NUM_PEAKS}")


@pytest.fixture(scope="module")
def parser(config):
    parser = build_parser(config).eval()
    parser.assembler.matcher = exported_matcher(config.matcher.pgd_dykstra)
    return parser


@pytest.fixture(scope="module")
def fields(config, parser):
    """True fields of each picture."""
    _, validation = load_pictures(config.data, lambda *_: None)
    batches = [collate([validation[index]], parser.assembler.anatomy.num_keypoints) for index in range(5)]
    return [true_fields(batch, parser.assembler.anatomy, parser.network.strides) for batch in batches]


def outputs(parser, config, of_picture, monkeypatch):
    """What the program would answer, had its network these fields."""
    monkeypatch.setattr(parser, "fields", lambda image: of_picture)
    with torch.no_grad():
        found = PictureProgram(parser, config.matcher.pgd_dykstra)(None)
    return {name: value.numpy() for name, value in found.items()}


@pytest.mark.parametrize("changes", [{}, {"largest_similarity": None, "min_keypoints": 1}, {"max_distance": 0.2}])
def test_its_persons_are_the_assembly_s(decoder, parser, config, fields, changes, monkeypatch):
    monkeypatch.setattr(parser.assembler, "config", replace(parser.assembler.config, **changes))
    about = json.loads(json.dumps(describe(parser, config, None)))
    persons = 0
    for of_picture in fields:
        expected = parser.assembler(of_picture)[0]
        out = outputs(parser, config, of_picture, monkeypatch)
        parts, person_ids, keypoints = decoder.decoded(out, about, of_picture.image_size)
        assert (parts == expected.parts).mean() > 0.999  # logits may be equal but for rounding, and so may distances
        np.testing.assert_allclose(keypoints, expected.keypoints, atol=1e-4)
        assert (person_ids == expected.person_ids).mean() > 0.999
        persons += len(keypoints)
    assert persons > 5


def test_heatmaps_that_nobody_has_trained_have_no_candidates(parser, config, fields, monkeypatch):
    assert outputs(parser, config, fields[0], monkeypatch)["is_candidate"].any()
    monkeypatch.setattr(parser.assembler, "anatomy", replace(parser.assembler.anatomy, has_poses=False))
    assert not outputs(parser, config, fields[0], monkeypatch)["is_candidate"].any()


def test_ghosts_are_dropped_as_the_assembly_drops_them(decoder, parser, config, fields):
    """A person's less sure double, left and right exchanged, goes; without the rule it stays."""
    about = describe(parser, config, None)
    person = parser.assembler(fields[0])[0].keypoints[:1].astype(float)
    ghost = person[:, about["mirrored_keypoints"]] * [1, 1, 0.5]
    both = np.concatenate([ghost, person])
    np.testing.assert_array_equal(decoder.without_duplicates(both, about), person)
    about["assembly"] = {**about["assembly"], "largest_similarity": None}
    assert len(decoder.without_duplicates(both, about)) == 2


def test_nobody_is_an_answer(decoder, parser, config, fields, monkeypatch):
    empty = replace(fields[0], heatmaps=0 * fields[0].heatmaps)
    about = describe(parser, config, None)
    out = outputs(parser, config, empty, monkeypatch)
    parts, person_ids, keypoints = decoder.decoded(out, about, empty.image_size)
    assert parts.max() > 0
    assert person_ids.max() == 0
    assert keypoints.shape == (0, 17, 3)


def test_a_picture_is_brought_to_the_parsed_size_and_widened_by_grey(decoder, small_config):
    config = small_config("inference.own_size_up_to=60")
    about = describe(build_parser(config), config, None)
    image, size = decoder.prepared(Image.new("RGB", (120, 50), "white"), about)
    assert size == (25, 60)
    assert image.shape == (1, 3, 32, 64)
    assert image[0, :, :25, :60].min() == 255
    assert image[0, :, 25:].max(axis=(1, 2)).tolist() == [124, 116, 104]
    about["assembly"] = {**about["assembly"], "grouping": "center"}
    with pytest.raises(SystemExit, match=r"assembly\.grouping=field"):
        decoder.decoded({}, about, size)
