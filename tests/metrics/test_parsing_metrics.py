"""The metric classes: over pictures, over processes, and over nothing."""

import dataclasses
import datetime
import math

import numpy as np
import pytest
import torch
import torch.distributed
import torch.multiprocessing

from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.metrics import MetricsConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.metrics.breakdown import Breakdown
from mghp.metrics.parsing import parsing_metrics
from mghp.metrics.per_picture import picture_scores
from mghp.metrics.subsets import COUNTS, only_persons, size_groups

NAMES = {
    "mean_iou", "mean_accuracy", "pixel_accuracy", "mean_f1", "ap_p_50", "ap_p_vol", "pcp_50", "pcp_vol",
    "ap_r_50", "ap_r_60", "ap_r_70", "ap_r_vol", "ap_r_strict_50", "ap_r_strict_60", "ap_r_strict_70",
    "ap_r_strict_vol", "ap_h_50", "ap_h_vol", "keypoint_ap", "keypoint_ap_50", "keypoint_ap_75", "grouping",
    "mean_iou_side_free", "mean_accuracy_side_free", "pixel_accuracy_side_free", "mean_f1_side_free",
    "ap_p_50_side_free", "ap_p_vol_side_free", "pcp_50_side_free", "pcp_vol_side_free", "keypoint_ap_side_free",
    "keypoint_ap_50_side_free", "keypoint_ap_75_side_free",
}  # fmt: skip

OWNERS = {
    f"{name}{ending}"
    for name in ("coverage", "owner_accuracy", "owner_grouping", "contested_owner_accuracy")
    for ending in ("", "_mean", "_singles")
}
AGAINST_HUMANS = {
    *OWNERS, "mask_ap_50", "mask_ap_vol", "mask_ap_50_all", "mask_ap_vol_all", "teacher_agreement", "side_accuracy",
    "side_coverage",
}  # fmt: skip
"""Scores that pictures may not define: without a crowd, say, or a person of 32 x 32 pixels."""


def a_pair(index, shift=3):
    """A picture's people, and a parser that is `shift` pixels off and finds one person too few."""
    sample = render(SCENES["default"], index, seed=3, size=64)
    true = TruePersons(sample.parts, sample.person_ids, sample.keypoints)
    number = len(sample.keypoints)
    ids = np.roll(sample.person_ids, shift, 1)
    ids[ids == number] = 0
    keypoints = sample.keypoints[: number - 1].copy()
    keypoints[..., 0] += shift * (keypoints[..., 2] > 0)
    scores = np.linspace(0.9, 0.4, number - 1) if number > 1 else np.zeros(0)
    found = PredictedPersons(
        np.roll(sample.parts, shift, 1), ids, scores, np.ones((number - 1, 15)) * scores[:, None], keypoints
    )
    return found, true


def scores_of(indices, shift=3):
    metrics = parsing_metrics(DENSEPOSE_COCO)
    for index in indices:
        metrics.update(*a_pair(index, shift))
    return {name: float(value) for name, value in metrics.compute().items()}


def test_names_and_a_perfect_parser():
    metrics = parsing_metrics(DENSEPOSE_COCO)
    for index in range(4):
        _, true = a_pair(index)
        persons = len(true.keypoints)
        found = PredictedPersons(true.parts, true.person_ids, np.ones(persons), np.ones((persons, 15)), true.keypoints)
        metrics.update(found, true)
    computed = metrics.compute()
    assert set(computed) == NAMES | AGAINST_HUMANS
    assert all(float(computed[name]) == pytest.approx(1.0) for name in NAMES)
    known = {name: float(computed[name]) for name in AGAINST_HUMANS if not math.isnan(computed[name])}
    assert set(known) >= {"coverage", "owner_accuracy_mean", "mask_ap_50", "mask_ap_vol_all", "teacher_agreement"}
    # Near a joint another limb may have more of the pixels.
    assert all(value == pytest.approx(1.0) for name, value in known.items() if not name.startswith("side_"))


def test_the_further_off_the_less():
    near, far = scores_of(range(8), shift=1), scores_of(range(8), shift=4)
    assert all(far[name] <= near[name] < 1 for name in NAMES)
    assert all(far[name] < near[name] for name in ("mean_iou", "ap_p_vol", "keypoint_ap", "grouping"))


@pytest.mark.filterwarnings("ignore:The ``compute`` method:UserWarning")
def test_an_empty_set_is_nan():
    assert all(math.isnan(value) for value in scores_of([]).values())


def _score_half(rank, port, folder):
    torch.distributed.init_process_group(
        "gloo", f"tcp://127.0.0.1:{port}", rank=rank, world_size=2, timeout=datetime.timedelta(seconds=60)
    )
    # As DistributedSampler deals; one process has a picture more.
    torch.save(scores_of([0, 2, 4] if rank == 0 else [1, 3]), f"{folder}/{rank}.pt")
    torch.distributed.destroy_process_group()


def test_two_processes_agree_on_the_score_of_the_whole_set(tmp_path, free_port):
    torch.multiprocessing.spawn(_score_half, (free_port, str(tmp_path)), nprocs=2)
    first, second = (torch.load(tmp_path / f"{rank}.pt", weights_only=True) for rank in (0, 1))
    # To the last bit: pictures are put back into the order that they were dealt from, so that ties break alike.
    assert str(first) == str(second) == str(scores_of(range(5)))


def test_scores_of_one_picture():
    found, true = a_pair(1)
    exact = PredictedPersons(
        true.parts, true.person_ids, np.ones(len(true.keypoints)), np.ones((len(true.keypoints), 15)), true.keypoints
    )
    best, worse = picture_scores(exact, true, DENSEPOSE_COCO), picture_scores(found, true, DENSEPOSE_COCO)
    assert best["person_iou"] == best["mean_iou"] == best["grouping"] == 1.0
    assert best["persons"] == best["predicted_persons"] == worse["predicted_persons"] + 1
    assert all(worse[name] < 1 for name in ("person_iou", "mean_iou", "grouping"))


def test_a_picture_of_nobody():
    nothing = np.zeros((8, 8), int)
    none = np.zeros((0, 17, 3))
    scores = picture_scores(
        PredictedPersons(nothing, nothing, np.zeros(0), np.zeros((0, 15)), none),
        TruePersons(nothing, nothing, none),
        DENSEPOSE_COCO,
    )
    assert math.isnan(scores["person_iou"])
    assert math.isnan(scores["grouping"])
    assert scores["mean_iou"] == 1.0


def test_the_breakdown_splits_the_set():
    whole, split = parsing_metrics(DENSEPOSE_COCO), Breakdown(DENSEPOSE_COCO)
    pairs = [a_pair(index, shift=1) for index in range(8)]
    for pair in pairs:
        whole.update(*pair)
        split.update(*pair)
    table = split.compute()
    for name, (least, most) in COUNTS.items():
        members = [pair for pair in pairs if least <= len(pair[1].keypoints) <= most]
        alone = parsing_metrics(DENSEPOSE_COCO)
        for pair in members:
            alone.update(*pair)
        assert (f"persons/{name}" in table) == bool(members)
        if members:
            scores = {score: float(value) for score, value in alone.compute().items()}
            assert table[f"persons/{name}"] == pytest.approx(scores, nan_ok=True)
    parts = [values["iou"] for name, values in table.items() if name.startswith("part/")]
    background = whole["mean_iou"].scores().iou[0]
    assert np.nanmean([background, *parts]) == pytest.approx(float(whole.compute()["mean_iou"]))
    assert 0 < table["part/torso"]["pcp_50"] <= 1


def test_the_breakdown_tells_persons_by_their_cues():
    found, true = a_pair(2, shift=0)
    split = Breakdown(DENSEPOSE_COCO)
    split.update(found, true)
    assert not any(name.startswith("sides/") for name in split.compute())
    cues = np.arange(len(true.keypoints)) > 0
    known = dataclasses.replace(true, cues=cues)
    split.update(found, known)
    table = split.compute()
    for name, kept in (("shown", cues), ("not shown", ~cues)):
        alone = parsing_metrics(DENSEPOSE_COCO)
        alone.update(*only_persons(found, known, kept))
        expected = {score: float(value) for score, value in alone.compute().items()}
        assert table[f"sides/{name}"] == pytest.approx(expected, nan_ok=True)


def two_persons():
    """A large and a small true person, each found; and one invented on the background."""
    ids = np.zeros((20, 20), int)
    ids[:10, :10], ids[15:17, 15:17] = 1, 2
    found = ids.copy()
    found[18:, :4] = 3
    keypoints = np.ones((3, 1, 3))
    true = TruePersons((ids > 0).astype(np.uint8), ids, keypoints[:2])
    return PredictedPersons((found > 0).astype(int), found, np.array([0.9, 0.8, 0.7]), np.ones((3, 2)), keypoints), true


def test_persons_that_do_not_count_take_their_detections_along():
    predicted, true = two_persons()
    assert size_groups(true).tolist() == ["large", "small"]
    found, kept = only_persons(predicted, true, np.array([False, True]))
    assert found.person_scores.tolist() == [0.8, 0.7]  # the large person's is gone, the invented one stays
    assert len(kept.keypoints) == 1
    assert (kept.parts[:10, :10] == 255).all()
    assert (found.parts[:10, :10] == 0).all()
    assert (kept.person_ids[15:17, 15:17] == 1).all()
    assert (found.person_ids[15:17, 15:17] == 1).all()
    assert (found.person_ids[18:, :4] == 2).all()


def test_the_config_s_definitions_are_scored_by():
    """A person without a pixel, and one found with little confidence."""
    ids = np.zeros((10, 10), int)
    ids[:5] = 1
    true = TruePersons((ids > 0).astype(np.uint8), ids, np.zeros((2, 17, 3)))  # the second person has no pixel
    found = PredictedPersons(
        (ids > 0).astype(int), ids, np.array([0.005]), np.full((1, 15), 0.005), np.zeros((1, 17, 3))
    )
    scores = {}
    for rules in ("mhp_v2", "parsing_rcnn", "m2fp"):
        metrics = parsing_metrics(DENSEPOSE_COCO, MetricsConfig(rules=rules, absent="zero"))
        metrics.update(found, true)
        scores[rules] = {name: float(value) for name, value in metrics.compute().items()}
    assert scores["mhp_v2"]["ap_p_50"] == 1.0
    assert scores["parsing_rcnn"]["ap_p_50"] == 0.5  # one of two is found
    assert scores["m2fp"]["ap_p_50"] == 0.0  # below 0.01
    assert scores["mhp_v2"]["mean_iou"] == pytest.approx(2 / 15)
