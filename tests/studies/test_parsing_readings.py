import json

import pytest
import yaml
from mghp.studies.parsing.readings import assembly_readings, parsing_readings, write_parsing_readings
from planted_trainings import plant, plant_components

from mghp.runs.read import Run

SCORES = {
    "full": 0.5,
    "without_matching_loss": 0.5,
    "nearest_keypoint": 0.5,
    "person_center": 0.5,
    "field_1_level": 0.5,
}


def readings(folder, seeds=3, **scores):
    return parsing_readings(plant_components(folder, SCORES | scores, seeds=seeds, noise=0.02))


def said(sentences, question):
    (sentence,) = [sentence for sentence in sentences if question in sentence]
    return sentence[sentence.index("?") + 2 :]


@pytest.fixture(scope="module")
def turned(tmp_path_factory):
    """Readings of ablations in which all variants are worse than the full model, better, or the same."""
    folder = tmp_path_factory.mktemp("runs")
    variants = [name for name in SCORES if name != "full"]
    scores = {"worse": 0.4, "better": 0.6, "same": 0.5}
    return {name: readings(folder / name, **dict.fromkeys(variants, score)) for name, score in scores.items()}


@pytest.mark.parametrize(
    "question",
    [
        "beat training without it",
        "against nearest keypoint",
        "against person centre and offset",
        "refining the field",
    ],
)
def test_answers_turn_with_the_numbers(turned, question):
    assert said(turned["worse"], question).startswith("Yes")
    assert said(turned["better"], question).startswith("No, worse")
    assert said(turned["same"], question).startswith(("Undecided", "No, no effect"))
    assert "3 seeds, 95 % intervals" in said(turned["worse"], question)


def test_one_seed_decides_nothing(tmp_path):
    sentences = readings(tmp_path, seeds=1, nearest_keypoint=0.1)
    for question in (
        "beat training without it",
        "against nearest keypoint",
        "refining",
        "matchers differ at test time in grouping",
    ):
        assert said(sentences, question).startswith("Undecided: one seed is a demonstration and no evidence")
    assert said(sentences, "limits grouping").startswith("By one seed")


def test_the_field_that_limits_most_is_named_if_it_is_told_from_the_next(tmp_path):
    def limits(name, **gains):
        metrics = {f"oracle/{oracle}/grouping": 0.5 + gain for oracle, gain in gains.items()}
        runs = [
            plant(tmp_path / name, "components", "full", seed, 0.5 + 0.001 * seed, metrics=metrics) for seed in range(3)
        ]
        return said(parsing_readings(runs), "What limits grouping")

    assert limits("a", true_keypoints=0.3).startswith("Most the keypoints. ")
    assert limits("b", true_limbs=0.3, all_true=0.7).startswith("Most the limbs; but all fields together")
    assert "not told apart" in limits("c", true_limbs=0.3, true_parts=0.3)
    losses = dict.fromkeys(("true_parts", "true_keypoints", "true_limbs", "true_field"), -0.1)
    assert limits("d", **losses, all_true=-0.1).startswith("No field alone, as far as these seeds tell. ")
    assert limits("e", **losses, all_true=0.3).startswith("No field alone, as far as these seeds tell; but all")


@pytest.mark.parametrize(("greedy", "answer"), [(0.3, "Yes"), (0.5, "No.")])
def test_matchers_at_test_time(tmp_path, greedy, answer):
    metrics = {"matcher/greedy/grouping": greedy, "matcher/hungarian/grouping": 0.5, "oracle/predicted/grouping": 0.5}
    runs = [plant(tmp_path, "components", "full", seed, 0.5, metrics=metrics) for seed in range(3)]
    assert said(parsing_readings(runs), "matchers differ at test time in grouping").startswith(answer)


def test_the_costliest_step_of_the_assembly(tmp_path):
    scores = {"projection": 0.9, "field_resolution": 0.89, "peaks": 0.7, "matching_pgd_dykstra": 0.69}
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump({"data": {"name": "synthetic", "synthetic": {"scene": "hard"}}})
    )
    metrics = {f"assembly/{step}/ap_p_vol": score for step, score in scores.items()}
    (tmp_path / "result.json").write_text(json.dumps({"experiment": "assembly", "variant": "", "metrics": metrics}))
    (sentence,) = assembly_readings([Run(tmp_path)])
    assert "90.0 % by its first step alone and 69.0 %" in sentence
    assert "'poses from peaks, truly matched', 19.0 points" in sentence
    gains = {f"assembly/{step}/ap_p_vol": 0.9 + 0.01 * k for k, step in enumerate(scores)}
    (tmp_path / "result.json").write_text(json.dumps({"experiment": "assembly", "variant": "", "metrics": gains}))
    assert assembly_readings([Run(tmp_path)])[0].endswith("need; no step costs anything.")


def test_readings_are_a_list_and_without_runs_there_are_none(tmp_path):
    runs = plant_components(tmp_path, {"full": 0.5, "nearest_keypoint": 0.4}, seeds=2)
    assert write_parsing_readings(runs).splitlines() == [f"* {sentence}" for sentence in parsing_readings(runs)]
    assert write_parsing_readings([]) == ""


def test_trainings_of_more_steps_have_an_answer_of_their_own(tmp_path):
    runs = plant_components(tmp_path, {"full": 0.5, "without_matching_loss": 0.6}, noise=0.02)
    for variant, score in (("full", 0.8), ("without_matching_loss", 0.7)):
        runs += [plant(tmp_path, "matching_long", variant, seed, score + 0.001 * seed, steps=3700) for seed in range(3)]
    sentences = parsing_readings(runs)
    assert said(sentences, "beat training without it").startswith("No")
    assert said(sentences, "And after 3,700 steps").startswith("Yes")
