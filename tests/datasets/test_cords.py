"""The scene of twins joined by cords: scored alone a cord must trust blue, matched it may trust red."""

import numpy as np
import pytest
import torch

from mghp.config.load import load_config
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.synthetic.cords import LIMBS, SPACING, draw_corded_twins
from mghp.matching import round_assignment
from mghp.parsing.network.parser import ParsingNetwork
from mghp.runs.checkout import ROOT

NAMES = DENSEPOSE_COCO.skeleton.keypoints


@pytest.fixture(scope="module")
def evidence():
    """Red and blue of each limb's cords of many rows, both of shape (limbs, upper joint, lower joint)."""
    red, blue = [], []
    for seed in range(150):
        twins, cords = draw_corded_twins(np.random.default_rng(seed), 2, 112.0, 128)
        for upper, lower in LIMBS:
            ends = [[np.array(body.joints[f"right_{name}"]) for body in twins.bodies] for name in (upper, lower)]
            colours = [[_cord_from(cords, start, end).colour for end in ends[1]] for start in ends[0]]
            red.append(np.array(colours)[..., 0])
            blue.append(np.array(colours)[..., 2])
    return np.stack(red), np.stack(blue)


def _cord_from(cords, start, end):
    def away(cord):
        return np.hypot(*(cord.start - start)) + np.hypot(*(cord.end - end))

    nearest = min(cords, key=away)
    assert away(nearest) < 0.25 * np.hypot(*(end - start))
    return nearest


def _matched_rightly(scores):
    joined = round_assignment(torch.tensor(scores - scores.min() + 1), by="hungarian").numpy().astype(bool)
    return joined[:, range(2), range(2)].mean()


def test_a_matching_learns_what_no_score_of_a_cord_alone_does(evidence):
    red, blue = evidence
    truth = np.broadcast_to(np.eye(2), red.shape)
    told = np.column_stack([red.ravel(), blue.ravel(), np.ones(red.size)])
    weights, *_ = np.linalg.lstsq(told, truth.ravel(), rcond=None)
    alone = (told @ weights).reshape(red.shape)
    assert ((alone > 0.5) == truth).mean() < 0.7
    assert 0.6 < _matched_rightly(alone) < 0.85
    assert _matched_rightly(blue) < 0.8
    assert _matched_rightly(red) > 0.97


def test_what_cords_join_is_labelled_and_nothing_else():
    for index in range(6):
        known = render(SCENES["cords"], index, seed=5).keypoints[..., 2] > 0
        assert [name for name, labelled in zip(NAMES, known.T, strict=True) if labelled.all()] == [
            "right_shoulder", "right_hip", "right_knee", "right_ankle",
        ]  # fmt: skip
        assert known.sum() == 8


def test_orders_differ_from_gap_to_gap():
    turned = set()
    for index in range(12):
        places = render(SCENES["cords"], index, seed=5).keypoints[..., 0]
        left = [bool(np.argmin(places[:, NAMES.index(f"right_{name}")])) for name in ("shoulder", "hip", "knee")]
        turned.add(tuple(left))
    assert len(turned) > 4


def test_the_network_of_the_control_sees_less_than_half_the_way_to_the_other_twin():
    config = load_config(ROOT / "experiments" / "parsing" / "cords_matching.yaml", ["variant=none"])
    network = ParsingNetwork(config.network, DENSEPOSE_COCO).eval()
    for name, parameter in network.named_parameters():
        if parameter.ndim == 1:
            parameter.data.fill_(1.0)  # else residual branches begin with 0
        if "context.pooled" in name:
            parameter.data.zero_()  # the mean of the whole picture
    picture = torch.rand(1, 3, 128, 128, requires_grad=True)
    network(255 * picture).limb_fields[0, :, :, 16, 16].sum().backward()
    seen = picture.grad[0].abs().sum(0).nonzero()
    aside = SPACING[0] * SCENES["cords"].height[0] * 128
    assert (seen - 66).abs().max() < aside / 2
