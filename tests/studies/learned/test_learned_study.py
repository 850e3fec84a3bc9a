import pytest
from planted_limbs import BASELINE, POSITIVE_CONTROL, EvenRun, planted

from mghp.report.study import MOST_WORDS
from mghp.studies.learned.study import gain, rounding

PASSING = [
    *planted("binary_cross_entropy", 0.5, 0.7, learned=POSITIVE_CONTROL),
    *planted("fenchel_young", 0.95, 0.7, learned=POSITIVE_CONTROL),
]
EQUAL = [*planted("binary_cross_entropy", 0.8, 0.7, 3, EvenRun), *planted("one_projection", 0.8, 0.7, 3, EvenRun)]
"""Poses on which a matcher has no effect, to the last digit."""


def said(*runs):
    """The answer, which is short."""
    text = gain(runs)
    assert len(text.split()) <= MOST_WORDS
    return text


def test_a_variant_that_gains_is_a_yes_with_its_gain():
    text = said(*PASSING, *BASELINE, *planted("fenchel_young", 0.95, 0.7), *planted("one_projection", 0.7, 0.4))
    assert text.startswith(
        "The positive control passed. On people, yes for pairs: 1 of 2 variants gain somewhere, at most +1"
    )
    assert text.endswith(" points (fenchel_young, 6 seeds); no for persons.")


def test_a_gain_of_persons_alone_is_told():
    text = said(*BASELINE, *planted("fenchel_young", 0.8, 0.75))
    assert "0 of 1 variants gain anywhere" in text
    assert text.endswith("yes for persons.")


def test_no_is_said_where_a_gain_could_have_been_found():
    assert "On people, no for pairs: 0 of 1 variants" in said(*PASSING, *EQUAL)


@pytest.mark.parametrize(
    ("right", "seeds", "control"), [(0.5, 6, "has not passed"), (0.95, 1, "has one seed"), (None, 0, "was not run")]
)
def test_without_a_passed_control_nothing_is_a_no(right, seeds, control):
    runs = planted("fenchel_young", right, 0.7, seeds, learned=POSITIVE_CONTROL) if seeds else []
    baseline = PASSING[:6] if seeds else []
    text = said(*baseline, *runs, *EQUAL)
    assert text.startswith(f"The positive control {control}. On people, undecided for pairs")
    assert text.endswith("undecided for persons.")


def test_the_control_passes_by_no_control_and_by_no_single_seed():
    softmax = planted("softmax", 0.95, 0.7, learned=POSITIVE_CONTROL)
    single = planted("one_projection", 0.95, 0.7, 1, learned=POSITIVE_CONTROL)
    equal = planted("fenchel_young", 0.5, 0.7, learned=POSITIVE_CONTROL)
    assert said(*PASSING[:6], *softmax, *EQUAL).startswith("The positive control says nothing.")
    assert said(*PASSING[:6], *softmax, *single, *equal, *EQUAL).startswith("The positive control has not passed.")


def test_a_control_that_gains_is_no_yes():
    controls = planted("softmax", 0.9, 0.9)
    text = said(*PASSING, *BASELINE, *controls, *planted("fenchel_young", 0.7, 0.6))
    assert "no for pairs: 0 of 1 variants" in text
    assert "(fenchel_young, " in text
    assert said(*PASSING, *BASELINE, *controls).endswith("On people, no matcher was tested.")


def test_a_variant_that_hardly_couples_pairs_does_not_count():
    apart = planted("sinkhorn_kl", 0.95, 0.9, coupling=0.09)
    assert said(*BASELINE, *apart) == ""
    text = said(*PASSING, *BASELINE, *apart, *planted("one_projection", 0.7, 0.6))
    assert "no for pairs: 0 of 1 variants" in text
    assert text.endswith("no for persons.")
    assert "yes for pairs: 1 of 1" in said(*BASELINE, *planted("sinkhorn_kl", 0.95, 0.9, coupling=0.11))


def test_one_seed_decides_nothing():
    better = planted("fenchel_young", 0.95, 0.7)
    assert said(BASELINE[0], better[0]).endswith("On people, undecided: one seed is no evidence.")
    text = said(*BASELINE, *better, *planted("one_projection", 0.99, 0.7, 1))
    assert "yes for pairs: 1 of 2 variants" in text
    assert "(fenchel_young, 6 seeds)" in text
    assert "undecided for pairs" in said(*PASSING, *EQUAL, *planted("fenchel_young", 0.8, 0.7, 1, EvenRun))


def test_a_gain_within_the_bound_of_no_effect_is_told_to_be_that_small():
    runs = [*EQUAL[:3], *(EvenRun("structured_hinge", seed, 0.803 + seed / 10_000, 0.7) for seed in range(3))]
    assert "On people, barely for pairs: 1 of 1 variants gain somewhere, at most +0.3" in said(*runs)
    text = said(*runs, *planted("fenchel_young", 0.9, 0.7, 3, EvenRun))
    assert "yes for pairs: 2 of 2 variants gain somewhere, at most +10.00" in text


def test_without_anything_to_compare_nothing_is_said():
    untrained = planted("line_integral", 0.95, 0.7, coupling=float("nan"))
    assert said(*PASSING[:6]) == said(*untrained) == said(*BASELINE, *untrained) == ""
    assert said(*PASSING) == "The positive control passed. On people, no matcher was tested."


def test_what_the_rounding_gains_is_told_apart_from_what_the_training_gains():
    trained = planted("fenchel_young", 0.9, 0.9)
    rounded, same = (planted("binary_cross_entropy_projection", right, 0.7) for right in (0.9, 0.8))
    texts = [rounding([*BASELINE, *found, *trained]) for found in (rounded, same)]
    assert texts[0].startswith("The rounding. On planted poses, rounding by projection alone: +9")
    assert "training over it: +0.00 [+0.00, +0.00] no effect (points of pairs, 6 seeds)." in texts[0]
    assert texts[1].startswith("The training. ")
    assert rounding([*BASELINE, *same, *planted("fenchel_young", 0.8, 0.7)]).startswith("Neither. ")
    assert all(len(text.split()) <= MOST_WORDS for text in texts)
    assert rounding([BASELINE[0], rounded[0], trained[0]]) == "Undecided: one seed is no evidence."
    assert rounding([*BASELINE, *rounded[:1], *trained[1:]]) == rounding([*BASELINE, *trained]) == ""
