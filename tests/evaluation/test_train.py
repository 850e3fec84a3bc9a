import csv
import dataclasses
import json

import numpy as np
import pandas as pd
import pytest
import timm
import torch
from PIL import Image

from mghp.cli.outcome import chief_numbers
from mghp.config.load import load_config
from mghp.config.network import BackboneConfig
from mghp.datasets.pictures import load_pictures
from mghp.datasets.synthetic import SCENES, render
from mghp.errors import InputError
from mghp.evaluation.train import run_training
from mghp.evaluation.tuning import CENTER_THRESHOLDS
from mghp.inference.human_parser import HumanParser
from mghp.parsing.batch import collate
from mghp.parsing.checkpoints import read_checkpoint
from mghp.training.build import build_module, load_module


def nothing(*_):
    """No progress to show."""


@pytest.fixture(scope="module")
def train(small_config, tmp_path_factory):
    """Trains a small parser into a folder of its own; returns the run folder."""

    def run(*overrides, experiment="synthetic_10min"):
        torch.set_num_threads(1)
        runs = tmp_path_factory.mktemp("runs")
        config = small_config(f"runs={runs}", *overrides, experiment=experiment)
        return run_training(config, *load_pictures(config.data, nothing))

    return run


@pytest.fixture(scope="module")
def trained(train):
    return train("training.pictures=2", "trainer.val_check_interval=5")


def result(folder):
    return json.loads((folder / "result.json").read_text())


def rows_of(folder):
    """metrics.csv, which gets its columns as they come."""
    return pd.read_csv(folder / "metrics.csv")


def test_a_run_folder_has_scores_losses_weights_and_pictures(trained):
    metrics = result(trained)["metrics"]
    assert metrics["train/steps"] == 10
    for name in ("mean_iou", "ap_p_vol", "ap_p_50", "pcp_50", "keypoint_ap_50", "grouping"):
        assert 0 <= metrics[f"val/{name}"] <= 1
    rows = rows_of(trained)
    for loss in ("parts", "heatmaps", "keypoint_offsets", "limbs", "field", "matching", "total"):
        assert np.isfinite(rows[f"train/{loss}"].dropna()).all()
        assert rows[f"train/{loss}"].notna().sum() == 10
    assert rows["val/mean_iou"].notna().sum() == 3  # twice on the way, once at the end
    for what in ("people", "assignments"):
        pictures = sorted(trained.glob(f"media/step_*_{what}.png"))
        assert [int(file.name.split("_")[1]) for file in pictures] == [5, 10]
        with Image.open(pictures[-1]) as picture:
            assert picture.mode == "RGB"
            assert min(picture.size) > (100 if what == "people" else 10)
    phases = [row["phase"] for row in csv.DictReader((trained / "timing.csv").open())]
    assert phases == ["train", "validate"]


def test_time_is_accounted_for(trained):
    metrics = result(trained)["metrics"]
    assert 0 <= metrics["time/waiting_share"] < 1
    assert metrics["time/train_seconds"] > 0
    assert "time/" not in (trained / "metrics.csv").read_text()


def test_the_loss_falls_on_pictures_seen_again_and_again(train):
    folder = train(
        "data.synthetic.num_train=4", "trainer.max_steps=40",
        "data.augmentation.mirror=0", "training.optimizer.schedule=constant", "trainer.limit_val_batches=1",
    )  # fmt: skip
    for loss in ("parts", "heatmaps", "limbs", "field", "total"):
        values = rows_of(folder)[f"train/{loss}"].dropna().to_numpy()
        assert values[-5:].mean() < 0.9 * values[:5].mean(), loss


@pytest.mark.parametrize("workers", [0, 1])
def test_one_seed_gives_the_same_weights_and_scores_twice(train, workers):
    setting = (f"data.loader.workers={workers}", "trainer.max_steps=6")
    one, two = (train(*setting) for _ in range(2))
    weights = [read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"] for folder in (one, two)]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    assert (one / "metrics.csv").read_bytes() == (two / "metrics.csv").read_bytes()
    scores = [{k: v for k, v in result(folder)["metrics"].items() if k.startswith("val/")} for folder in (one, two)]
    assert scores[0] == scores[1]


def test_workers_do_not_change_the_weights(train):
    weights = [
        read_checkpoint(train(f"data.loader.workers={n}", "trainer.max_steps=3") / "checkpoints" / "last.ckpt")
        for n in (0, 2)
    ]
    one, two = (checkpoint["state_dict"] for checkpoint in weights)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_another_seed_gives_other_weights(train, trained):
    other = read_checkpoint(train("seed=1") / "checkpoints" / "last.ckpt")["state_dict"]
    weights = read_checkpoint(trained / "checkpoints" / "last.ckpt")["state_dict"]
    assert not torch.equal(other["network.parts.output.weight"], weights["network.parts.output.weight"])


def test_a_branch_goes_on_from_before_the_decay(train, trained, small_config):
    branch = trained / "checkpoints" / "before_decay.ckpt"
    assert read_checkpoint(branch)["global_step"] == 6
    folder = train(f"training.continue_from={branch}", "trainer.max_steps=15")
    assert result(folder)["metrics"]["train/steps"] == 15
    rates = rows_of(folder)[["step", "lr-AdamW/pg1"]].dropna()
    # Constant from where it branched to its own decay, the last 40%.
    assert rates["step"].min() >= 6
    highest = small_config().training.optimizer.learning_rate
    assert rates["lr-AdamW/pg1"][rates["step"] < 9].eq(highest).all()
    assert rates["lr-AdamW/pg1"].iloc[-1] < highest / 2


def test_a_training_fine_tunes_the_weights_of_another_run(train, trained, caplog):
    """Which annotates other parts and has other centres; nothing is trained at so small a rate."""
    settings = ("assembly.grouping=center", "trainer.max_steps=1", "training.optimizer.learning_rate=1e-12")
    folder = train(f"network.weights={trained}", *settings)
    assert caplog.text.count("network.weights: took") == 1
    assert (
        "not: centers.output.weight (not there, here 1x16x1x1), centers.output.bias (not there, here 1)" in caplog.text
    )
    before, after = (read_checkpoint(run / "checkpoints" / "last.ckpt")["state_dict"] for run in (trained, folder))
    for name in ("network.parts.output.weight", "network.backbone.stages.0.0.0.weight", "assembler.affinity.price"):
        torch.testing.assert_close(after[name], before[name])


def test_a_run_s_own_checkpoint_needs_no_weights_that_it_began_with(train, trained, tmp_path):
    weights = tmp_path / "weights.ckpt"
    weights.write_bytes((trained / "checkpoints" / "last.ckpt").read_bytes())
    folder = train(f"network.weights={weights}", "trainer.max_steps=1")
    weights.unlink()
    _, config = load_module(folder / "checkpoints" / "last.ckpt")
    assert config.network.weights == str(weights)


def test_a_branch_has_weights_of_its_own(trained, small_config):
    with pytest.raises(InputError, match=r"network\.weights: training\.continue_from has weights of its own"):
        small_config(f"network.weights={trained}", f"training.continue_from={trained}/checkpoints/before_decay.ckpt")


def test_a_branch_has_the_columns_of_what_it_logs_itself(train, trained):
    """What its trunk had logged by then is the trunk's; this branch ends before it would match for the first time."""
    branch = trained / "checkpoints" / "before_decay.ckpt"
    folder = train(f"training.continue_from={branch}", "trainer.max_steps=9", "training.matching_every=100")
    assert rows_of(trained)["train/matching"].notna().any()
    rows = rows_of(folder)
    assert "train/matching" not in rows
    empty = set(rows.columns[~rows.notna().any()])
    assert all(
        name.startswith("val/") for name in empty
    )  # a score may be NaN, a loss that is not computed has no column


@pytest.mark.parametrize(
    ("override", "said"),
    [
        (
            "network.width=12",
            r"network\.\S+: expected 12x24x1x1 float32, got 16x24x1x1 float32; \d+ tensors differ in all",
        ),
        ("assembly.grouping=center", r"network\.centers\.output\.bias: expected 1 float32, got none; 2 tensors differ"),
        ("losses.learned_weights=true", r"weighting\.log_sigma\.field: expected scalar float32, got none"),
        (
            "training.optimizer.name=sgd",
            r"its optimizer is not that of training\.optimizer: expected sgd of .*got adamw",
        ),
    ],
)
def test_a_branch_of_another_network_or_optimiser_is_one_line(trained, small_config, tmp_path, override, said):
    branch = trained / "checkpoints" / "before_decay.ckpt"
    config = small_config(f"training.continue_from={branch}", f"runs={tmp_path / 'runs'}", override)
    with pytest.raises(InputError, match=rf"before_decay\.ckpt: .*{said}"):
        run_training(config, *load_pictures(config.data, nothing))
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize("key", ["global_step", "loops", "callbacks", "optimizer_states"])
def test_weights_without_the_state_of_a_training_are_no_branch(trained, small_config, tmp_path, key):
    checkpoint = read_checkpoint(trained / "checkpoints" / "before_decay.ckpt")
    del checkpoint[key]
    torch.save(checkpoint, tmp_path / "weights.ckpt")
    config = small_config(f"training.continue_from={tmp_path / 'weights.ckpt'}", f"runs={tmp_path / 'runs'}")
    with pytest.raises(InputError, match=rf"weights\.ckpt: nothing to continue from: expected {key}"):
        run_training(config, *load_pictures(config.data, nothing))
    assert not (tmp_path / "runs").exists()


def test_no_damaged_byte_of_a_checkpoint_changes_what_is_read(trained, tmp_path):
    """Some bytes mean nothing: paddings and times of an archive."""
    content = (trained / "checkpoints" / "last.ckpt").read_bytes()
    whole = read_checkpoint(trained / "checkpoints" / "last.ckpt")["state_dict"]
    file, refused = tmp_path / "any.ckpt", 0
    positions = np.random.default_rng(0).integers(len(content), size=60)
    for position in positions:
        damaged = bytearray(content)
        damaged[position] ^= 1 << int(position % 8)
        file.write_bytes(damaged)
        try:
            read = read_checkpoint(file)["state_dict"]
        except InputError:
            refused += 1
        else:
            assert all(torch.equal(read[name], value) for name, value in whole.items())
    assert refused > len(positions) / 2


def test_weights_come_back_with_their_config(trained):
    module, config = load_module(trained / "checkpoints" / "last.ckpt", ["matcher.name=hungarian"])
    assert config.matcher.name == "hungarian"
    assert config.network == load_config(trained / "config.yaml").network
    state = read_checkpoint(trained / "checkpoints" / "last.ckpt")["state_dict"]
    assert torch.equal(module.network.parts.output.weight, state["network.parts.output.weight"])
    assert torch.equal(module.assembler.affinity.price, state["assembler.affinity.price"])


def test_averaged_weights_are_the_ones_kept(train, trained):
    """Decay 0.5: they lag behind those of the same training without averaging."""
    averaged = read_checkpoint(train("training.ema_decay=0.5") / "checkpoints" / "last.ckpt")["state_dict"]
    last = read_checkpoint(trained / "checkpoints" / "last.ckpt")["state_dict"]
    assert not torch.equal(averaged["network.parts.output.weight"], last["network.parts.output.weight"])


def test_every_kept_checkpoint_of_averaged_weights_finds_people(train, small_config):
    """At 0.9999 the plain average of so short a training is its random start: it finds nobody."""
    settings = [
        "training.ema_decay=0.9999", "trainer.max_steps=140", "training.optimizer.decay_share=0.2",
        "data.synthetic.num_train=4", "data.synthetic.scene=simple", "data.augmentation.mirror=0",
        "losses.weights.matching=0", "trainer.limit_val_batches=1", "trainer.enable_checkpointing=true",
        "trainer.val_check_interval=100",
    ]  # fmt: skip
    folder = train(*settings)
    pictures, _ = load_pictures(small_config(*settings).data, nothing)
    kept = sorted(folder.rglob("*.ckpt"))
    assert {"before_decay.ckpt", "last.ckpt"} < {file.name for file in kept}
    for file in kept:
        module, _ = load_module(file)
        batch = collate([pictures[index] for index in range(4)], 17)
        with torch.no_grad():
            found = module.assembler(module.fields(batch.image))
        assert all(len(people.person_scores) for people in found), file.name


def test_learned_weights_and_every_loss_train(train):
    folder = train(
        "losses.learned_weights=true", "losses.weights.parts_lovasz=0.5", "losses.parts=pixels",
        "losses.heatmaps=focal", "losses.matching=fenchel_young", "losses.field_relative=true",
        "trainer.max_steps=3",
    )  # fmt: skip
    rows = rows_of(folder)
    assert np.isfinite(rows["train/parts_lovasz"].dropna()).all()
    state = read_checkpoint(folder / "checkpoints" / "last.ckpt")["state_dict"]
    learned = [value for name, value in state.items() if name.startswith("weighting.")]
    assert learned
    assert any(value.abs().sum() > 0 for value in learned)


@pytest.mark.parametrize(
    "overrides",
    [
        ("matcher.name=sinkhorn",),
        ("matcher.name=projection",),
        ("matcher.pgd_dykstra.num_steps=50", "matcher.pgd_dykstra.num_cycles=1", "matcher.pgd_dykstra.step_size=0.01"),
        ("network.levels=1",),
        ("network.levels=4",),
        ("network.strides.parts=1", "network.strides.field=4"),
        ("network.decoder_blocks=0", "data.synthetic.size=70"),
        ("trainer.precision=32-true", "training.optimizer.name=sgd", "training.optimizer.learning_rate=0.01"),
        ("trainer.accumulate_grad_batches=2",),
    ],
    ids=lambda overrides: " ".join(overrides),
)
def test_any_matcher_level_stride_and_backbone_trains(train, overrides):
    folder = train("trainer.max_steps=2", "trainer.limit_val_batches=1", *overrides)
    assert result(folder)["metrics"]["train/steps"] == 2
    assert np.isfinite(rows_of(folder)["train/total"].dropna()).all()


def test_grouping_by_centres_trains_evaluates_draws_and_predicts(train):
    """The variant end to end: oracles swap centres with the offsets; test-time choices carry them along."""
    folder = train(
        "variant=person_center", "trainer.max_steps=2", "training.pictures=1", "assembly.min_affinity=0",
        "evaluation.scene_pictures=1", "evaluation.matchers=[]", "evaluation.oracles=[true_field,all_true]",
        experiment="ablation/components",
    )  # fmt: skip
    metrics = result(folder)["metrics"]
    assert metrics["oracle/all_true/grouping"] > 0.85
    for name in ("oracle/true_field/grouping", "oracle/predicted/grouping", "scene/hard/true_parts/grouping"):
        assert 0 <= metrics[name] <= 1
    assert metrics["assembly/center_threshold"] in CENTER_THRESHOLDS
    assert list(folder.glob("media/step_*_people.png"))
    checkpoint = folder / "checkpoints" / "last.ckpt"
    choices = ["inference.scales=[1,1.5]", "inference.tile=48", "inference.overlap=16", "assembly.average_mirror=true"]
    parser = HumanParser(checkpoint, "assembly.center_threshold=0", *choices)
    found = parser.predict(np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8))
    assert found.person_ids.shape == (60, 90)
    assert len(found.keypoints) == len(found.person_scores) >= found.person_ids.max()
    with pytest.raises(InputError, match=r"do not fit the network of the config \(network\.centers"):
        load_module(checkpoint, ["assembly.grouping=field"])


def test_centres_learn_with_the_heatmaps_and_change_nobody_else_s_start(small_config):
    batch = collate([render(SCENES["default"], index, seed=11, size=64) for index in range(2)], 17)
    modules = []
    for grouping in ("field", "center"):
        torch.manual_seed(0)
        modules.append(build_module(small_config(f"assembly.grouping={grouping}", "losses.weights.matching=0")))
    plain, with_centers = (module.network.state_dict() for module in modules)
    assert all(torch.equal(with_centers[name], value) for name, value in plain.items())
    losses = [module.losses(batch)[0] for module in modules]
    assert losses[0].keys() == losses[1].keys()
    assert losses[0]["heatmaps"] != losses[1]["heatmaps"]
    assert losses[0]["limbs"] == losses[1]["limbs"]
    losses[1]["heatmaps"].backward()
    assert modules[1].network.centers.output.weight.grad.any()


@pytest.mark.parametrize("matcher", ["hungarian", "linear_program", "greedy"])
def test_a_matcher_without_gradient_is_refused_before_anything_is_written(small_config, tmp_path, matcher):
    config = small_config(f"matcher.name={matcher}", f"runs={tmp_path}")
    with pytest.raises(InputError, match=r"is not differentiable, but losses\.weights\.matching trains"):
        run_training(config, *load_pictures(config.data, nothing))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("trainer.max_stps=3", "trainer: "),
        ("trainer.precision=7", "trainer: .*7"),
        ("training.continue_from=nowhere.ckpt", "nowhere.ckpt"),
        ("network.weights=nowhere.ckpt", "nowhere.ckpt"),
        ("network.backbone.name=resnet5000", "neither slim nor a timm model"),
    ],
)
def test_what_does_not_fit_is_one_line(small_config, tmp_path, override, said):
    config = small_config(override, f"runs={tmp_path}")
    with pytest.raises(InputError, match=said):
        run_training(config, *load_pictures(config.data, nothing))


def test_the_network_is_compiled_where_it_is_asked_for(small_config, tmp_path, monkeypatch):
    """And without a compiler nothing is written."""
    monkeypatch.setenv("CXX", "no-such-compiler")
    config = small_config(f"runs={tmp_path / 'runs'}", "training.compile=true")
    with pytest.raises(InputError, match=r"training\.compile: no C"):
        run_training(config, *load_pictures(config.data, nothing))
    assert not (tmp_path / "runs").exists()


def test_a_file_that_is_no_checkpoint_is_refused(tmp_path):
    text = tmp_path / "text.ckpt"
    text.write_text("no weights")
    with pytest.raises(InputError, match="no readable checkpoint"):
        read_checkpoint(text)
    torch.save({"state_dict": {}}, tmp_path / "other.ckpt")
    with pytest.raises(InputError, match="not of mghp train"):
        read_checkpoint(tmp_path / "other.ckpt")


def test_weights_of_another_network_are_refused(trained, tmp_path):
    with pytest.raises(InputError, match="do not fit the network of the config"):
        load_module(trained / "checkpoints" / "last.ckpt", ["network.levels=1"])


def test_a_checkpoint_needs_no_file_that_its_training_started_from(small_config, tmp_path):
    weights = tmp_path / "resnet10t.pth"
    torch.save(timm.create_model("resnet10t", pretrained=False).state_dict(), weights)
    config = small_config(f"runs={tmp_path}", "trainer.max_steps=1")
    config.network.backbone = BackboneConfig("resnet10t", str(weights))
    folder = run_training(config, *load_pictures(config.data, nothing))
    weights.unlink()
    _, trained = load_module(folder / "checkpoints" / "last.ckpt")
    assert trained.network.backbone.weights == str(weights)  # where it came from is still told


def test_matching_problems_are_no_pictures(mghp, checkout, tmp_path):
    file = checkout / "experiments" / "matcher" / "paper.yaml"
    process = mghp("train", file, "data.name=random", folder=tmp_path)
    assert process.returncode == 2
    assert process.stderr.strip() == (
        "mghp: data.name: random are matching problems, not pictures; "
        "expected one of synthetic, mhp_v2, densepose_coco, pascal_person_part, cihp, folder"
    )


def test_the_command_trains_and_names_its_run_folder(mghp, checkout, tmp_path, small_config):
    config = small_config()
    settings = [
        "data.synthetic.size=64", "data.synthetic.num_train=24", "data.synthetic.num_validation=5",
        f"data.root={config.data.root}", "network.width=16", "network.backbone.kwargs.channels=[8,12,16,24]",
        "network.backbone.kwargs.blocks=[0,1,0,1]", "trainer.max_steps=2", "data.loader.workers=0",
        "trainer.precision=32-true",
    ]  # fmt: skip
    file = checkout / "experiments" / "parsing" / "synthetic_10min.yaml"
    process = mghp("train", file, *settings, folder=tmp_path, WANDB_MODE="disabled")
    assert process.returncode == 0, process.stderr
    folder = tmp_path / process.stdout.strip()
    assert result(folder)["metrics"]["train/steps"] == 2
    assert process.stderr.splitlines() == chief_numbers(result(folder)["metrics"])  # and no warning
    again = mghp("evaluate", folder, "wandb.mode=disabled", folder=tmp_path)
    assert again.returncode == 0, again.stderr
    assert result(tmp_path / again.stdout.strip())["experiment"] == "synthetic_10min_evaluation"


def test_every_experiment_of_parsing_is_small_changes_of_one(small_config, checkout):
    """Each file loads, and those that train differ from the ten minutes in what their name says alone."""
    files = sorted(file.stem for file in (checkout / "experiments" / "parsing").glob("*.yaml"))
    assert {"assembly", "synthetic_10min", "synthetic_simple_10min"} <= set(files)
    folder = checkout / "experiments" / "parsing"
    base = dataclasses.asdict(load_config(folder / "synthetic_10min.yaml"))
    simple = dataclasses.asdict(load_config(folder / "synthetic_simple_10min.yaml"))
    differing = {key for key in base if base[key] != simple[key]}
    assert differing == {"experiment", "data"}
    assert simple["data"]["synthetic"].pop("scene") == "simple"
    assert base["data"]["synthetic"].pop("scene") == "default"
    assert base["data"] == simple["data"]
