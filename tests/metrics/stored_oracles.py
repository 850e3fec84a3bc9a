"""The stored test vectors of the published evaluators, and our answer to each block of them."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from mghp.anatomy.persons import TruePersons
from mghp.metrics.ap_parsing import ap_and_pcp, detections, joined
from mghp.metrics.ap_region import (
    HUMAN_THRESHOLDS,
    PART_THRESHOLDS,
    ap_per_class,
    human_regions,
    joined_regions,
    mean_over_classes,
    part_regions,
)
from mghp.metrics.mean_iou import joint_histogram, semantic_scores
from mghp.metrics.painting import painted
from mghp.metrics.person_iou import person_iou, person_iou_of_maps

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "metric_oracles"
SETS = ["a1_mhp59", "a2_cihp20", "a3_ppp7", "a4_ties", "a5_edges", "a6_perfectish", "a7_lowq", "a8_splits"]
KEYS = ("gt_parts", "gt_ids", "pred_parts", "pred_scores", "pred_part_scores")


@dataclass
class Picture:
    """One stored picture: predicted persons as maps that may overlap."""

    gt_parts: np.ndarray
    gt_ids: np.ndarray
    pred_parts: np.ndarray
    pred_scores: np.ndarray
    pred_part_scores: np.ndarray

    def painted(self, least_score=-np.inf):
        return painted(self.pred_parts, self.pred_scores, self.pred_part_scores, least_score=least_score)

    def true(self):
        numbers = np.unique(self.gt_ids[self.gt_ids > 0])
        ids = np.where(self.gt_ids > 0, np.searchsorted(numbers, self.gt_ids) + 1, 0)
        return TruePersons(self.gt_parts, ids, np.zeros((len(numbers), 0, 3)))


def load(name):
    """Labels, pictures and expected values of a set."""
    if not FOLDER.is_dir():
        pytest.skip(f"the metric oracles are not here: {FOLDER}")
    with np.load(FOLDER / f"{name}.npz") as arrays:
        pictures = [Picture(*(arrays[f"{i:04d}_{key}"] for key in KEYS)) for i in range(int(arrays["num_images"]))]
        labels = int(arrays["num_classes"])
    return labels, pictures, json.loads((FOLDER / f"{name}.json").read_text())


def answers(pictures, labels):
    """Our values in the layout of the stored ones."""
    maps = [person_iou_of_maps(p.gt_parts, p.gt_ids, p.pred_parts, p.pred_scores, labels) for p in pictures]
    flat = [(p.painted(), p.true()) for p in pictures]
    ap_h = _human(flat)
    return {
        "mhp_v2": {
            "raw": _person(maps, "mhp_v2"),
            "flat": _person([person_iou(*pair, labels) for pair in flat], "mhp_v2"),
        },
        "parsing_rcnn": {
            "person": _person(maps, "parsing_rcnn"),
            "semantic": _semantic(pictures, labels, "skip"),
            "semantic_thr03": _semantic(pictures, labels, "skip", least_score=0.3),
        },
        "m2fp": {
            "person": _person(maps, "m2fp"),
            "semantic": _semantic(pictures, labels, "zero"),
            "part_instances_person_score": _parts(flat, labels, "person", "legacy"),
            "part_instances_part_score": _parts(flat, labels, "part", "legacy"),
            "human": {"thresholds": HUMAN_THRESHOLDS, "ap_h": ap_h, "ap_h_vol": np.mean(ap_h)},
        },
        "cihp_pgn": {
            "part_instances_person_score": _parts(flat, labels, "person", "cihp_pgn"),
            "part_instances_part_score": _parts(flat, labels, "part", "cihp_pgn"),
        },
    }


def _person(pictures, rules):
    ap, pcp = ap_and_pcp(joined([detections(picture, rules) for picture in pictures]))
    return {
        "ap_p": ap, "pcp": pcp, "ap_p_vol": ap.mean(), "ap_p_50": ap[4], "pcp_50": pcp[4], "pcp_vol": pcp.mean(),
    }  # fmt: skip


def _semantic(pictures, labels, absent, least_score=0.0):
    total = sum(joint_histogram(p.gt_parts, p.painted(least_score).parts, labels) for p in pictures)
    scores = semantic_scores(total, absent)
    return {
        "iou_per_class": np.nan_to_num(scores.iou) if absent == "zero" else scores.iou,
        "miou": scores.mean_iou,
        "mean_acc": scores.mean_accuracy,
        "pixel_acc": scores.pixel_accuracy,
        "mean_f1": scores.mean_f1,
    }


def _parts(flat, labels, scores, rules):
    found = joined_regions([part_regions(*pair, labels, scores) for pair in flat], labels - 1)
    per_class = ap_per_class(found, PART_THRESHOLDS, rules)
    ap = mean_over_classes(per_class, rules)
    return {"ap_r_per_class": per_class, "ap_r": ap, "ap_r_vol": ap.mean(), "ap_r_50": ap[4]}


def _human(flat):
    return ap_per_class(joined_regions([human_regions(*pair) for pair in flat], 1), HUMAN_THRESHOLDS)[0]
