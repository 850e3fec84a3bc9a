import json

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

import mghp.evaluation.evaluate
import mghp.evaluation.examination
from mghp.config.evaluation import TopDownConfig
from mghp.datasets.pictures import load_pictures, load_validation
from mghp.errors import InputError
from mghp.evaluation.assembly_alone import STEPS, run_assembly_alone
from mghp.evaluation.evaluate import run_evaluation
from mghp.evaluation.oracles import ORACLES, with_oracle
from mghp.evaluation.sides_by_coin import SIDES_BY_COIN
from mghp.evaluation.train import run_training
from mghp.inference.test_time import parse_picture
from mghp.inference.top_down import parse_boxes
from mghp.parsing.batch import collate
from mghp.parsing.build import anatomy_of
from mghp.parsing.true_fields import true_fields
from mghp.training.build import load_module

SCORES = ("mean_iou", "ap_p_vol", "ap_p_50", "pcp_50", "keypoint_ap", "keypoint_ap_50", "grouping")

EVALUATED = ("assembly.min_affinity=0", f"evaluation.oracles=[{','.join(ORACLES)}]")

SEEING = ("assembly.unclaimed=regions", "assembly.min_affinity=0")
"""A network that sees no keypoint takes what it labels, and that is everything, for one person."""


def nothing(*_):
    """No progress to show."""


def metrics_of(folder):
    return json.loads((folder / "result.json").read_text())["metrics"]


@pytest.fixture(scope="module")
def trained(small_config, tmp_path_factory):
    torch.set_num_threads(1)
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", "trainer.max_steps=3", "trainer.precision=32-true")
    return run_training(config, *load_pictures(config.data, nothing))


@pytest.fixture(scope="module")
def evaluated(trained):
    return run_evaluation(trained, [*EVALUATED, f"runs={trained.parents[1]}"], nothing)


@pytest.fixture(scope="module")
def assembled(small_config, tmp_path_factory):
    torch.set_num_threads(1)
    config = small_config(f"runs={tmp_path_factory.mktemp('runs')}", "data.synthetic.size=128", experiment="assembly")
    return run_assembly_alone(config, load_validation(config.data, nothing), nothing)


def test_every_oracle_has_every_score(evaluated):
    metrics = metrics_of(evaluated)
    for oracle in ORACLES:
        for score in SCORES:
            assert 0 <= metrics[f"oracle/{oracle}/{score}"] <= 1
    for score in SCORES:
        assert metrics[f"val/{score}"] == metrics[f"oracle/predicted/{score}"]


def test_true_fields_in_all_places_score_as_the_assembly_alone(evaluated, trained):
    """What the network predicts is then of no account: three steps of training or none."""
    metrics = metrics_of(evaluated)
    for score in ("mean_iou", "grouping", "keypoint_ap_50"):
        assert metrics[f"oracle/all_true/{score}"] > 0.8 > metrics[f"oracle/predicted/{score}"]
    assert metrics["oracle/true_parts/mean_iou"] == metrics["oracle/all_true/mean_iou"]


def test_sides_by_a_coin_cost_the_plain_scores_and_not_the_side_free_ones(evaluated):
    """Tolerance: one of a dozen persons may be found otherwise, whose limbs now run along others of their type."""
    metrics = metrics_of(evaluated)
    for score in ("mean_iou", "keypoint_ap_50", "ap_p_vol"):
        assert metrics[f"oracle/sides_by_coin/{score}"] < metrics[f"oracle/all_true/{score}"] - 0.05
        true, tossed = (metrics[f"oracle/{name}/{score}_side_free"] for name in ("all_true", "sides_by_coin"))
        assert tossed == pytest.approx(true, abs=0.08)


def test_the_scores_are_those_of_the_training_s_validation(evaluated, trained):
    """In single precision both assemble the same fields."""
    ours, theirs = metrics_of(evaluated), metrics_of(trained)
    for score in SCORES:
        assert ours[f"val/{score}"] == pytest.approx(theirs[f"val/{score}"], abs=1e-6)


def test_an_oracle_swaps_its_fields_alone(small_config):
    config = small_config()
    anatomy = anatomy_of(config)
    validation = load_validation(config.data, nothing)
    batch = collate([validation[0]], anatomy.num_keypoints)
    true = true_fields(batch, anatomy, vars(config.network.strides))
    predicted = type(true)(**{**vars(true), "limb_fields": true.limb_fields + 1, "part_logits": true.part_logits + 1})
    swapped = with_oracle(predicted, true, "true_limbs")
    assert swapped.limb_fields is true.limb_fields
    assert swapped.part_logits is predicted.part_logits


def test_every_picture_has_its_row_and_examples_are_drawn(evaluated):
    table = pd.read_csv(evaluated / "media" / "per_picture.csv", keep_default_na=False)
    assert len(table) == 5
    assert table["name"].is_unique
    for kind in ("best", "typical", "worst"):
        with Image.open(evaluated / "media" / f"examples_{kind}.png") as sheet:
            assert min(sheet.size) > 200


def test_oracles_of_owners_have_a_row_per_picture_that_adds_up_to_their_scores(evaluated):
    rows = pd.read_csv(evaluated / "media" / "oracles.csv", keep_default_na=False)
    metrics = metrics_of(evaluated)
    assert rows.groupby("oracle").size().to_dict() == dict.fromkeys([*ORACLES, SIDES_BY_COIN], 5)
    for oracle, of_oracle in rows.groupby("oracle"):
        crowds = of_oracle[of_oracle["group"] == "crowds"]
        for share, of in (("right", "labelled"), ("contested_right", "contested")):
            name = "owner_accuracy" if of == "labelled" else "contested_owner_accuracy"
            expected = metrics[f"oracle/{oracle}/{name}"]
            assert crowds[share].sum() == pytest.approx(expected * crowds[of].sum())


def test_tags_share_out_the_pictures(evaluated):
    table = pd.read_csv(evaluated / "media" / "per_picture.csv", keep_default_na=False)
    metrics = metrics_of(evaluated)
    tags = {tag for line in table["tags"] for tag in line.split()}
    assert tags
    for tag in tags:
        has = table["tags"].str.split().apply(lambda line, tag=tag: tag in line)
        assert metrics[f"tag/{tag}/pictures"] == has.sum()
        assert metrics[f"tag/{tag}/person_iou"] == pytest.approx(table["person_iou"][has].mean())


def test_persons_whose_sides_are_not_shown_are_told_apart(evaluated):
    table, metrics = pd.read_csv(evaluated / "media" / "per_picture.csv"), metrics_of(evaluated)
    without = table["persons_without_cue"]
    assert 0 < without.sum() < table["persons"].sum()
    for tag, has in (("no_cue", without > 0), ("cue", without == 0)):
        assert metrics.get(f"tag/{tag}/pictures", 0) == has.sum()
    assert metrics["tag/no_cue/person_iou"] == pytest.approx(table["person_iou"][without > 0].mean())
    groups = pd.read_csv(evaluated / "media" / "breakdown.csv", index_col="group")
    assert {"sides/shown", "sides/not shown"} <= set(groups.index)


@pytest.mark.parametrize(
    ("matcher", "tuning"),
    [("hungarian", "fixed"), ("greedy", "widened"), ("linear_program", "fixed"), ("sinkhorn", "fixed")],
)
def test_any_matcher_evaluates_what_another_one_trained(trained, tmp_path, matcher, tuning):
    checkpoint = trained / "checkpoints" / "last.ckpt"
    settings = [f"matcher.name={matcher}", f"evaluation.tuning={tuning}", f"runs={tmp_path}"]
    metrics = metrics_of(run_evaluation(checkpoint, settings, nothing))
    assert 0 <= metrics["val/mean_iou"] <= 1
    told = {"assembly/peak_threshold", "tuning/peak_threshold/at_limit", "tuning/min_affinity/at_limit"}
    assert told & metrics.keys() == (told if tuning == "widened" else set())


@pytest.mark.parametrize(("settings", "matcher"), [((), "PGDDykstra"), (("evaluation.matcher=greedy",), "Greedy")])
def test_another_matcher_can_make_the_whole_evaluation(trained, tmp_path, monkeypatch, settings, matcher):
    used = []

    def noting(step):
        def noted(module, *others):
            used.append(type(module.assembler.matcher).__name__)
            return step(module, *others)

        return noted

    for name in ("tune", "examine"):
        monkeypatch.setattr(mghp.evaluation.evaluate, name, noting(getattr(mghp.evaluation.evaluate, name)))
    run_evaluation(trained, [f"runs={tmp_path}", *settings], nothing)
    assert used == [matcher, matcher]


def test_a_finished_evaluation_is_made_again_into_its_own_folder(evaluated, trained):
    again = [*EVALUATED, f"runs={trained.parents[1]}"]
    written = (evaluated / "result.json").stat().st_mtime_ns
    assert run_evaluation(trained, again, nothing) == evaluated
    assert (evaluated / "result.json").stat().st_mtime_ns > written


def test_the_threshold_of_limbs_is_tuned_on_other_pictures_unless_it_is_given(
    trained, evaluated, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        mghp.evaluation.examination, "tuned_least_affinity", lambda module, samples, score: len(samples) + 0.25
    )
    tuned = metrics_of(run_evaluation(trained, [f"runs={tmp_path}"], nothing))
    assert tuned["assembly/min_affinity"] == 5.25
    assert tuned["oracle/all_true/grouping"] < metrics_of(evaluated)["oracle/all_true/grouping"]
    assert metrics_of(evaluated)["assembly/min_affinity"] == 0


def test_persons_are_found_in_crops_of_the_boxes_and_timed(trained, tmp_path):
    settings = ["evaluation.way=top_down", "evaluation.timing_repeats=1", "data.turned=90", "evaluation.oracles=[]"]
    few = "data.synthetic.num_validation=2"
    folder = run_evaluation(trained, [*settings, few, *SEEING, f"runs={tmp_path}"], nothing)
    table = pd.read_csv(folder / "media" / "per_picture.csv", keep_default_na=False)
    assert table["predicted_persons"].between(2, table["persons"]).all()  # one a crop, or hidden by another
    assert (table["seconds"] > table["seconds_network"] + table["seconds_assembly"]).all()
    crowds = table[table["crowd"] == 1]
    for name, counted, of in (("coverage", "labelled", "human"), ("owner_accuracy", "right", "labelled")):
        assert metrics_of(folder)[f"val/{name}"] == pytest.approx(crowds[counted].sum() / crowds[of].sum())
    assert metrics_of(folder)["oracle/predicted/owner_accuracy"] < metrics_of(folder)["val/owner_accuracy"]


def test_in_a_crop_of_the_whole_picture_its_person_is_found_again(trained):
    module, config = load_module(trained, SEEING)
    image = load_validation(config.data, nothing)[0].image
    whole = parse_picture(module, image, config.inference)
    assert len(whole.person_scores) == 1
    box = np.array([[10, 20, 30, 40]])
    found = parse_boxes(module, image, box, config.inference, TopDownConfig(margin=100))
    np.testing.assert_array_equal(found.person_ids, whole.person_ids)
    np.testing.assert_array_equal(found.parts, whole.parts)
    assert found.person_scores == pytest.approx(whole.person_scores)


def test_what_is_no_run_is_one_line(tmp_path):
    with pytest.raises(InputError, match=r"no checkpoints/best\.ckpt or last\.ckpt; expected a run of mghp train"):
        run_evaluation(tmp_path, [], nothing)
    with pytest.raises(InputError, match=r"nowhere\.ckpt"):
        run_evaluation(tmp_path / "nowhere.ckpt", [], nothing)


def test_the_assembly_loses_little_and_matchers_agree(assembled):
    metrics = metrics_of(assembled)
    for step in STEPS:
        for score in SCORES:
            assert 0 <= metrics[f"assembly/{step}/{score}"] <= 1
    assert metrics["assembly/projection/ap_p_vol"] == pytest.approx(1)
    assert metrics["assembly/projection/grouping"] == pytest.approx(1)
    for score in SCORES:
        by_matcher = {metrics[f"assembly/matching_{name}/{score}"] for name in ("hungarian", "linear_program")}
        assert len(by_matcher) == 1
    # Each step takes what the ones before it left.
    steps = ("projection", "field_resolution", "peaks", "matching_hungarian", "parts_resolution_hungarian")
    volumes = [metrics[f"assembly/{step}/ap_p_vol"] for step in steps]
    assert volumes[0] > volumes[1]
    assert volumes[3] > volumes[4] > 0.5


def test_a_training_ends_with_the_evaluation_that_the_command_would_make(small_config, tmp_path):
    looks = ("evaluation.oracles=[true_parts]", "evaluation.matchers=[greedy]", "evaluation.scenes=[hard,upside_down]")
    settings = (
        f"runs={tmp_path}",
        "trainer.max_steps=3",
        "trainer.precision=32-true",
        "evaluation.scene_pictures=3",
        *looks,
    )
    config = small_config("evaluation.at_end=true", *settings)
    trained = run_training(config, *load_pictures(config.data, nothing))
    at_end, evaluated = metrics_of(trained), metrics_of(run_evaluation(trained, [f"runs={tmp_path}"], nothing))
    names = {name.rpartition("/")[0] for name in at_end}
    assert {"oracle/predicted", "oracle/true_parts", "matcher/greedy", "scene/hard", "scene/hard/true_parts"} <= names
    assert "scene/upside_down/true_parts" in names
    assert "oracle/true_limbs" not in names
    shared = {name: value for name, value in evaluated.items() if not name.startswith("time/")}
    assert {name: at_end[name] for name in shared} == pytest.approx(shared, nan_ok=True)
    # With the parts given, whose each pixel is can be seen: of overlapping people, and of those apart.
    groups = [value for name, value in at_end.items() if name.startswith("scene/hard/true_parts/grouping_")]
    assert groups
    assert all(0 <= value <= 1 for value in groups)
    table = pd.read_csv(trained / "media" / "scenes.csv")
    assert len(table) == 2 * 2 * 3


def test_what_an_evaluation_cannot_look_at_is_told_by_name(small_config):
    for setting, known in (("oracles=[true_hats]", "true_parts"), ("scenes=[moon]", "upside_down")):
        with pytest.raises(InputError, match=f"evaluation.{setting.partition('=')[0]}: expected some of .*{known}"):
            small_config(f"evaluation.{setting}")
