import numpy as np
import pytest
from planted_limbs import BASELINE, POSITIVE_CONTROL, PlantedRun, planted

from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.metrics.matching import f1
from mghp.report.comparison import NO_EFFECT_ON_PREDICTED_PAIRS
from mghp.runs.read import Run
from mghp.studies.learned.figures import compared_variants
from mghp.studies.learned.run import run_learned
from mghp.studies.learned.study import gain
from mghp.studies.learned.tables import LEARNED, TUNING
from mghp.studies.learned.variants import CONTROL, FILE, LIMBS, PERSONS, condition_of, trained
from mghp.studies.variants import labels_of

VARIANTS = labels_of(FILE)

VERDICTS = ("better", "worse", "no effect", "undecided", "one seed")


def by_name(runs):
    return {variant.name: variant for variant in trained(runs)}


@pytest.fixture(scope="module")
def runs(every_variant, tiny):
    """Every variant once, two of them with a second seed."""
    second = [
        Run(run_learned(tiny(f"variant={name}", "seed=1"))) for name in ("binary_cross_entropy", "pgd_large_step")
    ]
    return [*every_variant.values(), *second]


def test_the_table_compares_seed_by_seed_with_the_baseline(runs):
    variants = by_name(runs)
    assert list(variants) == [name for name in VARIANTS if name in {run.variant for run in runs}]
    ours, baseline = variants["pgd_large_step"], variants["binary_cross_entropy"]
    assert not baseline.is_compared
    compared = ours.compared(LIMBS)
    assert compared.difference.mean == pytest.approx(ours.mean(LIMBS) - baseline.mean(LIMBS))
    assert not variants["straight_through"].is_through_the_matching
    table = LEARNED.filled(runs)
    assert [row["seeds"] for row in table.rows].count(2) == 2
    of_limbs = "limbs, difference [95 %]"
    assert all(row[of_limbs] is None or row[of_limbs].verdict in VERDICTS for row in table.rows)
    (cells,) = [cells for cells in table.cells() if cells[1] == VARIANTS["pgd_large_step"]]
    assert f"{compared.interval('.2f')} {compared.verdict}" in cells
    numbers = table.frame().set_index("variant").loc[VARIANTS["pgd_large_step"]]
    assert numbers[f"{of_limbs} low"] == compared.difference.low
    assert numbers[f"{of_limbs} p"] == compared.p


def test_what_was_tuned_is_told_with_what_was_not_taken(runs):
    table = TUNING.filled(runs)
    assert len(table.rows) == len({run.variant for run in runs}) - 1
    assert all(row["learning rates"] == f"0.01: {row['seeds']}" for row in table.rows)  # a single rate was given
    (soft,) = [row for row in table.rows if row["variant"] == VARIANTS["softmax"]]
    taken = [int(part.split(": ")[1]) for part in soft["roundings, persons"].split(", ")]
    assert len(taken) == 4
    assert sum(taken) == 1


def test_a_difference_of_persons_is_found_where_limbs_have_none():
    variants = by_name(
        [
            *BASELINE, *planted("fenchel_young", 0.8, 0.75), *planted("one_projection", 0.7, 0.7),
            *planted("straight_through", 0.5, 0.2, coupling=0.0),
        ]
    )  # fmt: skip
    assert variants["binary_cross_entropy"].compared(LIMBS) is None
    young = variants["fenchel_young"]
    assert young.compared(PERSONS).verdict == "better"
    assert young.compared(PERSONS).difference.low < 0.05 < young.compared(PERSONS).difference.high
    assert young.compared(LIMBS).verdict in ("no effect", "undecided")
    assert variants["one_projection"].compared(LIMBS).verdict == "worse"
    through = {name for name, variant in variants.items() if variant.is_through_the_matching}
    assert through == {"fenchel_young", "one_projection"}


def test_variants_are_told_over_the_seeds_that_the_baseline_has():
    young = by_name([*BASELINE[:2], *planted("fenchel_young", 0.95, 0.7)])["fenchel_young"]
    assert list(young.runs) == [0, 1]
    assert young.compared(LIMBS).difference.seeds == 2
    table = TUNING.filled([BASELINE[0], *planted("fenchel_young", 0.95, 0.7)[1:]])
    assert [row["seeds"] for row in table.rows] == [1, 5]  # none of them shared


def test_two_variants_are_compared_by_the_counts_of_their_images():
    runs = [*BASELINE, *planted("fenchel_young", 0.9, 0.7), *planted("one_projection", 0.9, 0.7)]
    family = trained(runs)[0].family
    assert family.between("fenchel_young", "one_projection", LIMBS).difference[:3] == (0, 0, 0)
    assert family.between("fenchel_young", "binary_cross_entropy", LIMBS).difference.mean == pytest.approx(
        np.mean([ours.metric(LIMBS) - other.metric(LIMBS) for ours, other in zip(runs[6:12], BASELINE, strict=True)])
    )
    assert family.best(LIMBS) == {"fenchel_young", "one_projection"}


def test_who_died_is_counted():
    runs = [*BASELINE, *planted("fenchel_young", 0.8, 0.7), *planted("pgd_warm", 0.8, 0.7, 5)]
    variants = by_name([*runs, PlantedRun("pgd_warm", 5, 0.1, 0.1)])
    assert {name: variant.died for name, variant in variants.items()} == {
        "binary_cross_entropy": None, "pgd_warm": 1, "fenchel_young": 0,
    }  # fmt: skip


def test_a_seed_that_no_gradient_reaches_has_died_whatever_its_score():
    runs = [
        *BASELINE, *planted("one_projection", 0.8, 0.7, 2), *planted("pgd_warm", 0.8, 0.7, 2, coupling=0.0, cosine=0.0),
        *planted("fenchel_young", 0.8, 0.7, 2, coupling=0.0), *planted("straight_through", 0.8, 0.7, 2, coupling=0.0),
        *planted("pgd_paper", 0.8, 0.7, 2, coupling=0.0), *planted("pgd_large_step", 0.8, 0.7, 2, cosine=0.0),
    ]  # fmt: skip
    assert {variant.name: variant.died for variant in trained(runs) if variant.died} == {"pgd_warm": 2}


def test_whatever_is_other_than_usual_is_another_condition():
    def condition(**learned):
        return condition_of(PlantedRun("softmax", 0, 0.5, 0.5, learned=learned))

    assert condition() == "planted poses"
    assert condition(nuisance=1.0, layers=1) == "planted poses, candidate offsets 1, linear scorer"
    assert condition(hidden=64, learning_rates=[0.1]) == "planted poses, hidden 64, learning rates [0.1]"
    assert condition(**POSITIVE_CONTROL) == CONTROL
    assert condition(problems="positive_control") == f"{CONTROL}, layers 3"
    runs = [*BASELINE, *planted("fenchel_young", 0.9, 0.7, 1, learned={"hidden": 64})]
    assert not any(variant.is_compared for variant in trained(runs))


def test_runs_of_a_seed_on_different_images_are_not_compared():
    runs = [*BASELINE, *planted("fenchel_young", 0.9, 0.7, first_image=7)]
    with pytest.raises(InputError, match=r"planted and planted: tested on different images"):
        LEARNED.filled(runs)


def test_a_variant_that_its_file_alone_names_is_in_table_and_figure(add_variant):
    file = add_variant(FILE, "  mine: {label: my own way, matcher: {name: sinkhorn}}\n")
    assert load_config(file, ["variant=mine"]).matcher.name == "sinkhorn"
    runs = [*BASELINE, *planted("mine", 0.9, 0.8)]
    assert [row["variant"] for row in LEARNED.filled(runs).rows][-1] == "my own way"
    assert [variant.label for variant in compared_variants(trained(runs))["matching"]] == ["my own way"]


def halves(name, first, second, seeds=6, **settings):
    """Runs of one variant that learn on one half of the pictures and are tested on the other, in turn."""
    of_first, of_second = ("second", "first"), ("first", "second")
    return [
        *planted(name, first, 0.7, seeds, files=of_first, **settings),
        *planted(name, second, 0.7, seeds, files=of_second, **settings),
    ]


def test_two_files_that_test_each_other_are_one_condition_of_all_their_images():
    young = by_name([*halves("binary_cross_entropy", 0.8, 0.6), *halves("fenchel_young", 0.9, 0.6)])["fenchel_young"]
    assert young.condition == "predicted candidates, first and second"
    assert young.seeds == 6
    assert young.family.bound == NO_EFFECT_ON_PREDICTED_PAIRS
    assert len(young.runs) == 12
    difference = young.compared(LIMBS).difference
    assert difference.seeds == 6

    def pooled(*runs):
        return f1(sum(run.tested("limbs")[1].sum(0) for run in runs))

    ours, baseline = (
        [[PlantedRun(name, seed, right, 0.7) for right in rights] for seed in range(6)]
        for name, rights in (("fenchel_young", (0.9, 0.6)), ("binary_cross_entropy", (0.8, 0.6)))
    )
    expected = [pooled(*one) - pooled(*other) for one, other in zip(ours, baseline, strict=True)]
    assert difference.mean == pytest.approx(np.mean(expected))


def test_images_of_two_files_that_share_a_number_are_drawn_apart():
    """Twice as many images of the same counts halve the variance; drawn together they would leave it as it is."""

    def width(number):
        runs = [*halves("binary_cross_entropy", 0.8, 0.8, 1)[:number], *halves("fenchel_young", 0.9, 0.9, 1)[:number]]
        difference = by_name(runs)["fenchel_young"].compared(LIMBS).difference
        return difference.high - difference.low

    assert width(2) == pytest.approx(width(1) / 2**0.5, rel=0.1)


def test_a_seed_of_which_one_half_is_missing_is_not_told_of_as_whole():
    ours = halves("fenchel_young", 0.9, 0.6)
    young = by_name([*halves("binary_cross_entropy", 0.8, 0.6), *ours[1:]])["fenchel_young"]
    assert young.compared(LIMBS).difference.seeds == 5


def test_where_no_seed_has_both_halves_nothing_is_compared_and_nothing_fails():
    def begun(name):
        runs = halves(name, 0.8, 0.6, 2)
        return [runs[0], runs[3]]  # a half of seed 0, the other one of seed 1

    runs = [*begun("binary_cross_entropy"), *begun("fenchel_young")]
    assert not any(variant.is_compared for variant in trained(runs))
    assert gain(runs) == ""
    assert [row["seeds"] for row in LEARNED.filled(runs).rows] == [2, 2]


def test_a_file_that_is_tested_one_way_alone_is_named_alone():
    one_way = [run for run in halves("binary_cross_entropy", 0.8, 0.6) if run.files == ("first", "second")]
    (baseline,) = trained(one_way)
    assert baseline.condition == "predicted candidates, second"
    assert list(baseline.runs) == list(range(6))
