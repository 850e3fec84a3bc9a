"""Verdicts on claims: what they say follows from the comparison, and from the positive control."""

from dataclasses import replace
from functools import partial

import pytest
from planted_limbs import BASELINE, POSITIVE_CONTROL, planted
from planted_trainings import plant

from mghp.report.comparison import Comparison
from mghp.report.statistics import PairedDifference
from mghp.runs.read import find_runs
from mghp.studies.rotation.tables import PLAIN, UPRIGHT
from mghp.studies.verdicts.claims import COSTS, EQUALS, GAINS, Claim, claims
from mghp.studies.verdicts.study import VERDICTS, answer, drawings


def claim_of(verdicts, mean, half_width, **changed):
    low, high = mean - half_width, mean + half_width
    p = 0.01 if low > 0 or high < 0 else 0.5
    comparison = Comparison(PairedDifference(mean, low, high, p, 4), p, 0.02)
    return replace(Claim("a claim", "pictures", "score", comparison, verdicts, "4 starts", ()), **changed)


@pytest.mark.parametrize(
    ("mean", "half_width", "of_gains", "of_equals", "of_costs"),
    [
        (0.05, 0.01, "yes", "yes", "no"),
        (-0.05, 0.01, "no", "no", "yes"),
        (0.0, 0.01, "no", "yes", "no"),
        (0.01, 0.05, "undecided", "undecided", "undecided"),
    ],
)
def test_the_verdict_on_a_claim_follows_from_what_it_claims(mean, half_width, of_gains, of_equals, of_costs):
    found = [claim_of(verdicts, mean, half_width).verdict for verdicts in (GAINS, EQUALS, COSTS)]
    assert found == [of_gains, of_equals, of_costs]


def test_one_start_and_a_control_that_is_not_won_leave_a_claim_open():
    alone = Comparison(PairedDifference(0.05, float("nan"), float("nan"), float("nan"), 1), float("nan"), 0.02)
    assert claim_of(GAINS, 0.05, 0.01, comparison=alone).verdict == "open"
    assert claim_of(GAINS, 0.05, 0.01, is_open=True).verdict == "open"


def test_the_matching_loss_is_open_until_the_control_is_won(on_photographs, control):
    def verdicts(runs):
        return {
            claim.text.split(" beats ")[1]: claim.verdict for claim in claims(runs) if "Fenchel-Young" in claim.text
        }

    of_none = "none"
    assert verdicts(on_photographs)[of_none] == "open"
    assert verdicts([*on_photographs, *control(0.04)])[of_none] == "open"
    assert verdicts([*on_photographs, *control(0.06)])[of_none] == "yes"


def test_limb_scores_of_real_people_are_told_once_their_control_has_passed():
    baseline = partial(planted, "binary_cross_entropy", coupling=float("nan"))
    young = partial(planted, "fenchel_young")
    of_people = [*baseline(0.8, 0.7, source="mhp_poses"), *young(0.9, 0.7, source="mhp_poses")]
    of_others = [*BASELINE, *young(0.9, 0.7), *young(0.9, 0.7, source="mhp_poses", learned={"steps": 9})]
    control = [*baseline(0.5, 0.5, learned=POSITIVE_CONTROL), *young(0.9, 0.9, learned=POSITIVE_CONTROL)]

    def told(runs):
        return [(claim.text, claim.pictures, claim.verdict) for claim in claims(runs)]

    claim = "Limb scores gain by the Fenchel-Young loss"
    assert told([*of_people, *of_others]) == [(claim, "real poses", "open")]
    assert told([*of_people, *of_others, *control]) == [(claim, "real poses", "yes")]


def test_rotation_is_told_by_the_scene_that_was_trained_on(tmp_path):
    scores = {0.0: {"": 0.6, "upside_down": 0.3}, 180.0: {"": 0.5, "upside_down": 0.5}}
    for rotations in (PLAIN, UPRIGHT):
        for angle, score in scores.items():
            for seed in range(3):
                plant(tmp_path, rotations.experiment, "", seed, score, angle=angle, scenes=("upside_down",))
    rows = VERDICTS.filled(find_runs([tmp_path])).rows
    assert [(row["claim"].split()[1], row["pictures"].split(", ")[1], row["verdict"]) for row in rows] == [
        ("mends", "upright scene", "yes"), ("costs", "upright scene", "yes"),
        ("mends", "scene with persons upside down", "yes"), ("costs", "scene with persons upside down", "yes"),
    ]  # fmt: skip


def test_without_runs_there_is_nothing():
    assert answer([]) == ""
    assert drawings([]) == {}
    assert VERDICTS.filled([]).rows == []
