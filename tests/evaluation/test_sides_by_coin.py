"""The truth but for sides that no picture shows."""

import dataclasses

import numpy as np
import pytest
import torch

from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.evaluation.sides_by_coin import exchanged_sides, with_sides_by_coin
from mghp.parsing.batch import collate

MIRRORED_LABELS = np.array(DENSEPOSE_COCO.parts.mirrored_labels)
MIRRORED_KEYPOINTS = list(DENSEPOSE_COCO.skeleton.mirrored_keypoints)


@pytest.fixture(scope="module")
def samples():
    return [render(SCENES["hard"], index, seed=1, size=48) for index in range(12)]


@pytest.fixture(scope="module")
def tossed(samples):
    return with_sides_by_coin(collate(samples, 17), DENSEPOSE_COCO)


def exchanged_in(batch, row, sample):
    """Who is exchanged, by the keypoints."""
    persons = len(sample.keypoints)
    ours = batch.keypoints[row, :persons].numpy()
    is_exchanged = (ours != sample.keypoints).any((1, 2))
    assert np.array_equal(ours[is_exchanged], sample.keypoints[is_exchanged][:, MIRRORED_KEYPOINTS])
    return is_exchanged


def test_about_half_of_those_without_a_cue_are_exchanged_as_a_whole_and_nobody_else(samples, tossed):
    exchanged = [exchanged_in(tossed, row, sample) for row, sample in enumerate(samples)]
    for row, sample in enumerate(samples):
        of_pixels = np.concatenate([[False], exchanged[row]])[sample.person_ids]
        expected = np.where(of_pixels, MIRRORED_LABELS[sample.parts], sample.parts)
        assert np.array_equal(tossed.parts[row].numpy(), expected)
    cues, exchanged = np.concatenate([sample.cues for sample in samples]), np.concatenate(exchanged)
    assert not exchanged[cues].any()
    assert (~cues).sum() > 30
    assert exchanged[~cues].mean() == pytest.approx(0.5, abs=0.2)


def test_a_picture_s_coin_is_its_own_whatever_the_batch(samples, tossed):
    alone = with_sides_by_coin(collate(samples[3:4], 17), DENSEPOSE_COCO)
    assert torch.equal(alone.parts[0], tossed.parts[3])
    other = dataclasses.replace(samples[3], name="another")
    coins = [exchanged_in(with_sides_by_coin(collate([other], 17), DENSEPOSE_COCO), 0, other) for _ in range(2)]
    assert np.array_equal(*coins)


def test_where_nobody_knows_of_cues_nothing_is_exchanged(samples):
    batch = collate([dataclasses.replace(sample, cues=None) for sample in samples], 17)
    assert torch.equal(with_sides_by_coin(batch, DENSEPOSE_COCO).parts, batch.parts)


def test_exchanged_twice_is_as_before_and_what_is_not_known_stays(samples):
    parts = samples[0].parts.copy()
    parts[:10] = 255
    batch = collate([dataclasses.replace(samples[0], parts=parts)], 17)
    everybody = batch.is_person
    once = exchanged_sides(batch, everybody, DENSEPOSE_COCO)
    twice = exchanged_sides(once, everybody, DENSEPOSE_COCO)
    assert (once.parts[:, :10] == 255).all()
    assert not torch.equal(once.parts, batch.parts)
    assert torch.equal(twice.parts, batch.parts)
    assert torch.equal(twice.keypoints, batch.keypoints)
