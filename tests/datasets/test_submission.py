"""Predictions written for the official scripts and read back score the same as in memory."""

import numpy as np
import pytest
from PIL import Image

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.datasets.cihp import CIHPSubmission
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.mhp_v2 import MHPSubmission, read_mhp_submission
from mghp.datasets.submission import submission_writer
from mghp.datasets.synthetic import SCENES, render
from mghp.errors import InputError
from mghp.metrics.parsing import parsing_metrics

NOT_WRITTEN = ("keypoint_ap", "keypoint_ap_50", "keypoint_ap_75")


def pairs(number=6):
    rng = np.random.default_rng(0)
    for index in range(number):
        sample = render(SCENES["default"], index, seed=4, size=48)
        persons = len(sample.keypoints)
        scores = rng.random(persons + 1)  # one more, without a pixel
        found = PredictedPersons(
            parts=np.roll(sample.parts, 2, 1),
            person_ids=np.where(np.roll(sample.parts, 2, 1) > 0, np.roll(sample.person_ids, 2, 1), 0),
            person_scores=scores,
            part_scores=np.repeat(scores[:, None], 15, 1),
            keypoints=np.zeros((persons + 1, 17, 3)),
        )
        yield str(index), found, TruePersons(sample.parts, sample.person_ids, sample.keypoints)


def without_empty(found):
    """As the form demands: persons without a pixel are left out."""
    seen = np.unique(found.person_ids[found.person_ids > 0]) - 1
    number = np.zeros(len(found.person_scores) + 1, int)
    number[seen + 1] = np.arange(1, len(seen) + 1)
    return PredictedPersons(
        found.parts, number[found.person_ids], found.person_scores[seen], found.part_scores[seen], found.keypoints[seen]
    )


def test_mhp_v2_there_and_back(tmp_path):
    writer = submission_writer("mhp_v2", tmp_path / "submission")
    assert isinstance(writer, MHPSubmission)
    in_memory, from_disk = parsing_metrics(DENSEPOSE_COCO), parsing_metrics(DENSEPOSE_COCO)
    made = list(pairs())
    for name, found, true in made:
        writer.add(name, found)
        in_memory.update(without_empty(found), true)
    writer.finish()
    read = read_mhp_submission(tmp_path / "submission", 15)
    assert list(read) == [name for name, _, _ in made]
    for name, _, true in made:
        found = read[name]
        found.keypoints = np.zeros((len(found.person_scores), 17, 3))
        from_disk.update(found, true)
    before, after = in_memory.compute(), from_disk.compute()
    for name in set(before) - set(NOT_WRITTEN):
        np.testing.assert_equal(float(before[name]), float(after[name]), err_msg=name)


def test_cihp_s_instances_have_a_class_and_a_score_each(tmp_path):
    writer = CIHPSubmission(tmp_path)
    for name, found, _ in pairs(3):
        writer.add(name, found)
        instances = np.asarray(Image.open(tmp_path / "instance_parsing" / f"{name}.png"))
        lines = [line.split() for line in (tmp_path / "instance_parsing" / f"{name}.txt").read_text().splitlines()]
        assert sorted(np.unique(instances)) == list(range(len(lines) + 1))
        for number, (label, score) in enumerate(lines):
            cells = instances == number + 1
            persons = np.unique(found.person_ids[cells])
            assert len(persons) == 1
            assert (found.parts[cells] == int(label)).all()
            assert float(score) == found.part_scores[persons[0] - 1, int(label)]
        parts = np.asarray(Image.open(tmp_path / "global_parsing" / f"{name}.png"))
        np.testing.assert_array_equal(parts, found.parts)


def test_a_faulty_line_is_named(tmp_path):
    (tmp_path / "results.txt").write_text("7 1 0.5\n8 1\n")
    for folder in ("global_seg", "global_tag"):
        (tmp_path / folder).mkdir()
        Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / folder / "7.png")
    with pytest.raises(InputError, match="line 2"):
        read_mhp_submission(tmp_path, 15)
    assert submission_writer("none", tmp_path) is None


def test_a_missing_map_is_named(tmp_path):
    (tmp_path / "results.txt").write_text("7 1 0.5\n")
    (tmp_path / "global_seg").mkdir()
    Image.fromarray(np.zeros((4, 4), np.uint8)).save(tmp_path / "global_seg" / "7.png")
    with pytest.raises(InputError, match=r"global_tag/7\.png: no such file"):
        read_mhp_submission(tmp_path, 15)
