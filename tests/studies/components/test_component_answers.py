import pytest
from planted_trainings import plant, plant_components

from mghp.studies.components.answers import all_components, field, limits, other_matchers, training_through

SCORES = {
    "full": 0.5,
    "without_matching_loss": 0.5,
    "nearest_keypoint": 0.5,
    "person_center": 0.5,
    "field_1_level": 0.5,
}


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Runs of ablations in which all variants are worse than the full model, better, or the same."""
    folder = tmp_path_factory.mktemp("runs")
    scores = {"worse": 0.4, "better": 0.6, "same": 0.5}
    return {
        name: plant_components(folder / name, dict.fromkeys(SCORES, score) | {"full": 0.5}, noise=0.02)
        for name, score in scores.items()
    }


def full_models(folder, seeds=3, **metrics):
    return [plant(folder, "components", "full", seed, 0.5 + 0.001 * seed, metrics=metrics) for seed in range(seeds)]


def test_it_counts_what_is_told_and_names_the_highest(tmp_path, turned):
    runs = plant_components(tmp_path, SCORES | {"person_center": 0.6, "field_1_level": 0.4}, noise=0.02)
    answer = all_components(runs)
    assert answer.startswith("Of 4 changes to the full model 1 raise person IoU, 1 lower it; most person centre")
    assert answer.endswith("better (3 seeds).")
    assert "0 raise person IoU, 4 lower it" in all_components(turned["worse"])


@pytest.mark.parametrize(("answer", "begins"), [(training_through, ""), (field, "Field: ")])
def test_answers_turn_with_the_numbers(turned, answer, begins):
    told = {name: answer(runs).removeprefix(begins).lower() for name, runs in turned.items()}
    assert told["worse"].startswith("yes")
    assert told["better"].startswith("no")
    assert told["same"].startswith(("undecided", "no"))
    assert not {"better", "worse"} & set(told["same"].split())
    assert all(one.endswith("(3 seeds).") for one in told.values())


def test_one_rival_that_is_better_refutes_the_field(tmp_path, turned):
    runs = plant_components(tmp_path, SCORES | {"nearest_keypoint": 0.3, "person_center": 0.6}, noise=0.02)
    assert field(runs).startswith("Field: no, grouping of true parts +")
    assert "better by person centre and offset; refinement:" in field(runs)
    assert "refinement: yes, -" in field(turned["worse"])
    only_levels = [run for run in turned["worse"] if run.variant in ("full", "field_1_level")]
    assert field(only_levels).startswith("Refinement: yes")


def test_trainings_of_more_steps_are_told_beside_the_usual_ones(tmp_path):
    runs = plant_components(tmp_path, {"full": 0.5, "without_matching_loss": 0.6}, noise=0.02)
    for variant, score in (("full", 0.8), ("without_matching_loss", 0.7)):
        runs += [plant(tmp_path, "matching_long", variant, seed, score + 0.001 * seed, steps=3700) for seed in range(3)]
    usual, longer = training_through(runs).split("; ")
    assert usual.startswith("No after 100 steps, person IoU -")
    assert longer.startswith("yes after 3,700 steps, person IoU +")


@pytest.mark.parametrize("answer", [all_components, training_through, field, other_matchers, limits])
def test_one_seed_decides_nothing_and_no_run_answers_nothing(tmp_path, answer):
    runs = plant_components(tmp_path, SCORES | {"nearest_keypoint": 0.1}, seeds=1)
    assert answer(runs) == "Undecided: one seed is no evidence."
    assert answer([]) == ""


@pytest.mark.parametrize(("gains", "said"), [
    ({"true_keypoints": 0.3}, "grouping: most keypoints, +29.9 [+29.7, +30.1], all "),
    ({"true_limbs": 0.3, "true_parts": 0.3}, "parts or limbs, not told apart, all "),
    ({"true_parts": -0.1, "true_keypoints": -0.1, "true_limbs": -0.1, "true_field": -0.1},
     "grouping: no field alone is told, all "),
])  # fmt: skip
def test_the_field_that_limits_most_is_named_if_it_is_told_from_the_next(tmp_path, gains, said):
    metrics = {f"oracle/{oracle}/grouping": 0.5 + gain for oracle, gain in gains.items()}
    assert said in limits(full_models(tmp_path, **metrics))


@pytest.mark.parametrize(("hungarian", "greedy", "answer"), [(0.5, 0.3, "Yes"), (0.3, 0.3, "No"), (0.6, 0.6, "Yes")])
def test_another_matcher_does_as_well_unless_all_are_worse(tmp_path, hungarian, greedy, answer):
    metrics = {"matcher/greedy/grouping": greedy, "matcher/hungarian/grouping": hungarian,
               "oracle/predicted/grouping": 0.5}  # fmt: skip
    told = other_matchers(full_models(tmp_path, **metrics))
    assert told.startswith(f"{answer}, in grouping: Hungarian ")
    assert ", greedy " in told
