"""The assembly of true fields: what it finds is what is there."""

import dataclasses

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from mghp.config.assembly import AssemblyConfig
from mghp.datasets.densepose_coco import DENSEPOSE_COCO
from mghp.datasets.synthetic import SCENES, render
from mghp.matching import make_matcher
from mghp.metrics.parsing import parsing_metrics
from mghp.parsing.assembly.affinities import Affinity
from mghp.parsing.assembly.assemble import Assembler
from mghp.parsing.batch import collate
from mghp.parsing.true_fields import true_fields
from mghp.training.parsing_module import true_persons

STRIDES = {"parts": 1, "keypoints": 4, "limbs": 4, "field": 2}


@pytest.fixture(scope="module")
def batch():
    return collate([render(SCENES["default"], index, seed=1) for index in range(16)], 17)


@pytest.fixture(scope="module")
def fields(batch):
    return true_fields(batch, DENSEPOSE_COCO, STRIDES)


def assembler(matcher="hungarian", evidence="fields", **config):
    skeleton = DENSEPOSE_COCO.skeleton
    affinity = Affinity(skeleton.limbs, evidence=evidence, limb_ratios=skeleton.known_limb_ratios)
    return Assembler(DENSEPOSE_COCO, make_matcher(matcher), affinity, AssemblyConfig(**config))


def scores(found, batch):
    metrics = parsing_metrics(DENSEPOSE_COCO)
    for predicted, true in zip(found, true_persons(batch), strict=True):
        metrics.update(predicted, true)
    return {name: float(value) for name, value in metrics.compute().items()}


@pytest.mark.parametrize("matcher", ["hungarian", "linear_program", "pgd_dykstra"])
def test_true_fields_give_the_true_people(batch, fields, matcher):
    """The bars of the whole validation set, on its first pictures."""
    found = scores(assembler(matcher)(fields), batch)
    assert found["ap_p_vol"] >= 0.80
    assert found["grouping"] >= 0.94
    assert found["keypoint_ap_50"] >= 0.95


@pytest.mark.parametrize("evidence", ["offsets", "both"])
def test_true_limb_offsets_give_the_true_people_too(batch, fields, evidence):
    found = scores(assembler(evidence=evidence)(fields), batch)
    plain = scores(assembler()(fields), batch)
    assert found["keypoint_ap_50"] >= 0.95
    assert found["keypoint_ap"] > plain["keypoint_ap"]
    assert found["grouping"] >= plain["grouping"]


def test_persons_grow_without_a_matcher(batch, fields, monkeypatch):
    grower = assembler(evidence="offsets", growth="surest")
    monkeypatch.setattr(type(grower.matcher), "forward", None)
    found = scores(grower(fields), batch)
    assert found["keypoint_ap_50"] >= 0.95
    assert found["grouping"] >= 0.9


def test_at_a_price_of_staying_unmatched_what_gains_most_is_joined(fields):
    plain = assembler()
    scored = plain.affinity(fields, plain.candidates(fields))
    numbers = []
    for price in (-30.0, 0.0, 3.1, 1000.0):
        priced = assembler(unmatched_price=price)
        pairs = priced.assign(priced.score(fields, priced.candidates(fields)))
        gains = (scored.affinity - price).where(scored.is_pair, 0).clamp(min=0).flatten(0, 1).detach().double().numpy()
        best = sum(gain[linear_sum_assignment(gain, maximize=True)].sum() for gain in gains)
        assert (gains * pairs.flatten(0, 1).numpy()).sum() == pytest.approx(best)
        numbers.append(int(pairs.sum()))
    assert numbers[0] > numbers[1] > numbers[2] > numbers[3] == 0


def test_persons_that_grow_have_the_same_price(fields):
    plain = assembler(growth="surest")
    scored = plain.affinity(fields, plain.candidates(fields))
    priced = assembler(growth="surest", unmatched_price=-1.0, min_affinity=0.0)
    pairs = priced.assign(priced.score(fields, priced.candidates(fields)))
    assert bool((pairs == assembler(growth="surest", min_affinity=-1.0).assign(scored)).all())
    assert not bool((pairs == plain.assign(scored)).all())


def test_a_picture_alone_gives_the_same_people(batch, fields):
    whole = assembler()(fields)
    alone = assembler()(true_fields(collate([render(SCENES["default"], 3, seed=1)], 17), DENSEPOSE_COCO, STRIDES))
    assert np.array_equal(whole[3].person_ids, alone[0].person_ids)
    assert np.allclose(whole[3].keypoints, alone[0].keypoints)


def test_no_person_has_two_keypoints_of_a_type_or_shares_one(fields):
    for people in assembler(read_missing_keypoints=False)(fields):
        found = people.keypoints[people.keypoints[..., 2] > 0]
        # One row a type by construction; a candidate twice would be the same place twice.
        for kind in range(17):
            places = people.keypoints[:, kind][people.keypoints[:, kind, 2] > 0, :2]
            assert len(np.unique(places, axis=0)) == len(places)
        assert np.isfinite(found).all()


def test_what_limbs_brought_stays_and_what_they_did_not_is_read(fields):
    found, filled = assembler(read_missing_keypoints=False)(fields), assembler()(fields)
    read = 0
    for before, after in zip(found, filled, strict=True):
        brought = before.keypoints[..., 2] > 0
        read += int((~brought & (after.keypoints[..., 2] > 0)).sum())
        np.testing.assert_array_equal(after.keypoints[brought], before.keypoints[brought])
        # Neither pixels nor scores depend on it.
        np.testing.assert_array_equal(after.person_ids, before.person_ids)
        np.testing.assert_array_equal(after.person_scores, before.person_scores)
    assert read


def test_keypoints_that_limbs_did_not_bring_are_regressed(batch, fields):
    read, regressed = assembler()(fields), assembler(completion="offsets")(fields)
    brought = assembler(read_missing_keypoints=False)(fields)
    for before, after in zip(brought, regressed, strict=True):
        is_brought = before.keypoints[..., 2] > 0
        np.testing.assert_array_equal(after.keypoints[is_brought], before.keypoints[is_brought])
        np.testing.assert_array_equal(after.person_ids, before.person_ids)
        np.testing.assert_array_equal(after.person_scores, before.person_scores)
    assert scores(regressed, batch)["keypoint_ap"] > scores(read, batch)["keypoint_ap"] + 0.01


def test_people_are_consistent(fields):
    for people in assembler()(fields):
        persons = len(people.person_scores)
        assert people.keypoints.shape == (persons, 17, 3)
        assert people.part_scores.shape == (persons, 15)
        assert people.person_ids.max(initial=0) <= persons
        assert ((people.parts > 0) == (people.person_ids > 0)).all() or persons == 0
        assert ((people.keypoints[..., 2] > 0).sum(1) >= 5).all()
        assert ((people.person_scores >= 0) & (people.person_scores <= 1)).all()


def test_scores_rank(batch, fields):
    """A person whose heatmaps are faint scores below the same person with full ones."""
    faint = dataclasses.replace(fields, heatmaps=0.5 * fields.heatmaps)
    for strong, weak in zip(assembler()(fields), assembler(peak_threshold=0.05)(faint), strict=True):
        if len(strong.person_scores) == len(weak.person_scores):
            assert (weak.person_scores < strong.person_scores).all()


def test_size_normalisation_is_a_choice(batch, fields):
    plain, normalised = (
        scores(assembler(normalise_by_size=choice)(fields), batch)["grouping"] for choice in (False, True)
    )
    assert plain != normalised


def test_human_pixels_that_nobody_has_become_persons_where_asked(fields):
    nobody = dataclasses.replace(fields, heatmaps=fields.heatmaps * 0)  # no peak, so no limb and no pose
    alone = assembler()(nobody)
    regions = assembler(unclaimed="regions")(nobody)
    assert all(len(found.person_scores) == 0 for found in alone)
    assert sum(len(found.person_scores) for found in regions) >= len(regions)
    for found in regions:
        assert set(np.unique(found.person_ids[found.parts > 0])) <= set(range(len(found.person_scores) + 1))
        assert ((found.person_scores > 0) & (found.person_scores < 0.05)).all()
    still = dataclasses.replace(fields, projection=fields.projection * 0)  # few pixels lie that near to a keypoint
    far = [assembler(unclaimed=owner, max_distance=0.03)(still) for owner in ("nobody", "regions")]
    for plain, found in zip(*far, strict=True):
        claimed = plain.person_ids > 0
        np.testing.assert_array_equal(found.person_ids[claimed], plain.person_ids[claimed])
        assert (found.person_ids > 0).sum() >= claimed.sum()
    assert sum((found.person_ids > 0).sum() for found in far[1]) > 2 * sum(
        (found.person_ids > 0).sum() for found in far[0]
    )
