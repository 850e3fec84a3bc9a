"""The scene of twins behind blinds: what a limb's own surroundings tell goes both ways, and competition tells which."""

import dataclasses

import numpy as np
import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.sample import VISIBLE
from mghp.datasets.synthetic import SCENES, render
from mghp.datasets.synthetic.twins import SLATS, gap_of
from mghp.matching import round_assignment
from mghp.metrics.matching import association_counts, f1
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.peaks import Candidates
from mghp.parsing.assembly.truth import candidate_owners, true_pairs
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields

SKELETON = DENSEPOSE_COCO.skeleton
STRIDES = {"parts": 2, "keypoints": 4, "limbs": 4, "field": 2}
GAPS = np.array([gap_of(name) for name in SKELETON.keypoints])


@pytest.fixture(scope="module")
def rows():
    return [render(SCENES["twins"], index, seed=5) for index in range(12)]


def places_of(keypoints):
    """Where the row stands in each gap, in pixels right of its first, and the distance of the twins."""
    step = float(np.diff(keypoints[:, SKELETON.keypoints.index("left_hip"), 0]).mean())
    middles = np.array([keypoints[0, np.flatnonzero(gap == GAPS)[-2:], 0].mean() for gap in range(len(SLATS) + 1)])
    return middles - middles[0], step


def test_twins_stand_evenly_in_every_gap_and_step_aside_by_one_place(rows):
    for sample in rows:
        (places, step), keypoints = places_of(sample.keypoints), sample.keypoints
        assert len(keypoints) in (3, 4)
        both = (keypoints[1:, :, 2] > 0) & (keypoints[:-1, :, 2] > 0)
        np.testing.assert_allclose(np.diff(keypoints[..., 0], axis=0)[both], step, atol=1e-3)
        np.testing.assert_allclose(np.diff(keypoints[..., 1], axis=0)[both], 0, atol=1e-3)
        # The two sides of a body are not quite even.
        np.testing.assert_allclose(np.abs(np.diff(places) / step), 1, atol=0.35)
    ways = {tuple(np.sign(np.diff(places_of(sample.keypoints)[0])).astype(int)) for sample in rows}
    assert len(ways) > 2


def test_all_keypoints_are_seen_but_for_what_a_neighbour_hides(rows):
    seen = np.concatenate([sample.keypoints[..., 2].ravel() for sample in rows])
    assert (seen == VISIBLE).mean() > 0.75


def ambiguous_affinities(samples):
    """Affinities of the true keypoints by fields that point both ways where a slat hides the limb, and the truth."""
    batch = collate(samples, len(SKELETON.keypoints))
    exact = true_fields(batch, DENSEPOSE_COCO, STRIDES)
    fields = exact.limb_fields.clone()
    hidden = [(limb, *ends) for limb, ends in enumerate(SKELETON.limbs) if GAPS[ends[0]] != GAPS[ends[1]]]
    for limb, source, destination in hidden:
        other = batch.keypoints.clone()
        for picture, sample in enumerate(samples):
            places, step = places_of(sample.keypoints)
            aside = np.round((places[GAPS[destination]] - places[GAPS[source]]) / step)
            other[picture, :, destination, 0] -= float(2 * aside * step)
        mirrored = true_fields(dataclasses.replace(batch, keypoints=other), DENSEPOSE_COCO, STRIDES).limb_fields
        fields[:, limb] = (fields[:, limb] + mirrored[:, limb]) / 2
    is_candidate = (batch.keypoints[..., 2] > 0).transpose(1, 2)
    candidates = Candidates(batch.keypoints[..., :2].transpose(1, 2), is_candidate.float(), is_candidate)
    affinity = Affinity(SKELETON.limbs)
    problems = affinity(dataclasses.replace(exact, limb_fields=fields), candidates)
    noise = 0.1 * torch.randn(problems.affinity.shape, generator=torch.Generator().manual_seed(0))
    owner = candidate_owners(candidates, batch, SKELETON, STRIDES["keypoints"])
    return (problems.affinity + noise) * problems.is_pair, true_pairs(owner, SKELETON.limbs)


@torch.no_grad()
def test_one_to_one_matching_tells_what_neither_greedy_nor_mutual_choice_does(rows):
    """The positive control: at least 5 points of F1, where a limb's own evidence goes both ways."""
    affinity, truth = ambiguous_affinities(rows)
    scores = {}
    for rounding in ("hungarian", "greedy", "mutual"):
        joined = round_assignment(affinity, by=rounding)
        scores[rounding] = float(f1(association_counts(joined.numpy(), truth.numpy()).reshape(-1, 3).sum(0)))
    assert scores["hungarian"] > 0.9
    assert scores["hungarian"] - scores["greedy"] > 0.05
    assert scores["hungarian"] - scores["mutual"] > 0.05
