from itertools import product

import pytest
import yaml

from mghp.config.identity import config_key
from mghp.config.load import load_config, variant_names
from mghp.errors import InputError
from mghp.reproduce.profiles import PROFILES, Size
from mghp.reproduce.trials import configs_of
from mghp.runs.checkout import ROOT

EXPERIMENTS = ROOT / "experiments" / "matcher"
SWEEP = ROOT / "sweeps" / "matcher.yaml"
PGD_KEYS = ("num_steps", "num_cycles", "step_size")


def matching(profile="smoke", *overrides):
    """The configs of the matching section, but for the bench."""
    sizes = [size for size in PROFILES[profile].sections["matching"] if size.kind == "match"]
    return [config for size in sizes for config in configs_of(size, overrides)]


@pytest.fixture(scope="module")
def plan():
    return matching()


def of(plan, experiment, data=None):
    return [config for config in plan if config.experiment == experiment and data in (None, config.data.name)]


def points_of(configs):
    return {
        tuple(getattr(config.matcher.pgd_dykstra, key) for key in PGD_KEYS) for config in configs if not config.variant
    }


def test_the_grid_is_the_sweep_s(plan):
    """What `wandb sweep` would try, `mghp reproduce` runs."""
    parameters = yaml.safe_load(SWEEP.read_text())["parameters"]
    trials = set(product(*(parameters[f"matcher.pgd_dykstra.{key}"]["values"] for key in PGD_KEYS)))
    assert points_of(of(matching("quick"), "steps")) == trials
    assert points_of(of(plan, "steps")) == set(product((10, 50), (1, 5), (0.01, 1.0))) < trials


@pytest.mark.parametrize("preset", ["default", "hard"])
def test_m1_has_every_solver_on_poses_of_both_presets(plan, preset):
    runs = [config for config in of(plan, "solvers") if config.data.poses.preset == preset]
    assert [config.variant for config in runs] == variant_names(EXPERIMENTS / "solvers.yaml")
    assert {config.data.name for config in runs} == {"generated_poses"}
    assert runs[0].variant == "identity"


@pytest.mark.parametrize("data", ["generated_poses", "random"])
def test_m2_has_every_point_and_its_rival_at_equal_cost(plan, data):
    runs = of(plan, "steps", data)
    points = [config.matcher.pgd_dykstra for config in runs if not config.variant]
    rivals = [config.matcher.projection for config in runs if config.variant == "one_projection"]
    assert len(points) + len(rivals) == len(runs) == 16
    for point, rival in zip(points, rivals, strict=True):
        assert rival.tau == pytest.approx(point.num_steps * point.step_size, abs=1e-9)
        assert rival.num_cycles == point.num_steps * point.num_cycles
    for config in runs:
        assert config.matcher.name == ("projection" if config.variant else "pgd_dykstra")


@pytest.mark.parametrize("data", ["generated_poses", "random"])
def test_m3_has_every_reading(plan, data):
    assert [config.variant for config in of(plan, "readings", data)] == variant_names(EXPERIMENTS / "readings.yaml")


def test_the_readings_tell_one_choice_at_a_time(plan):
    """Against `paper` or `step1_cold`, each choice that the supplement leaves open has a run that changes it alone."""
    options = {config.variant: vars(config.matcher.pgd_dykstra) for config in of(plan, "readings", "random")}

    def changes(variant, base):
        return {key for key, value in options[variant].items() if value != options[base][key]}

    for base in ("paper", "step1_cold"):
        alone = [changes(variant, base) for variant in options]
        for key in ("warm_start", "projection", "average", "initial"):
            assert {key} in alone


def test_sizes_are_of_random_problems(plan):
    for config in of(plan, "sizes"):
        assert config.variant == f"{config.data.random.source}x{config.data.random.destination}"
        assert config.data.name == "random"
        assert config.matcher.options() == load_config(EXPERIMENTS / "paper.yaml").matcher.options()


def test_a_plan_has_no_run_twice_and_needs_no_account(plan):
    assert len({config_key(config, "data") for config in plan}) == len(plan) == 26 + 32 + 26 + 5
    assert {config.wandb.mode for config in plan} == {"disabled"}
    assert {config.data.max_images for config in plan if config.data.name == "generated_poses"} == {40}
    assert {config.data.max_images for config in plan if config.data.name == "random"} == {None}


def test_settings_about_poses_do_not_reach_random_problems():
    overrides = [
        "data.name=mhp_poses",
        "data.annotations=some.json",
        "data.poses.preset=easy",
        "data.max_images=7",
        "seed=3",
    ]
    configs = matching("smoke", *overrides)
    poses = [config for config in configs if config.data.name == "mhp_poses"]
    random = [config for config in configs if config.data.name == "random"]
    assert (
        len(poses) == len(of(configs, "solvers")) + len(of(configs, "steps")) // 2 + len(of(configs, "readings")) // 2
    )
    assert len(poses) + len(random) == len(configs)
    assert {config.data.annotations for config in poses} == {"some.json"}
    assert {config.data.max_images for config in poses} == {7}
    assert {config.data.poses.preset for config in poses} == {"easy"}
    assert {config.data.annotations for config in random} == {None}
    assert {config.data.max_images for config in random} == {None}
    assert {config.seed for config in configs} == {3}


def test_a_setting_of_a_solver_leaves_the_grid_of_solvers_as_it_is(plan):
    asked = matching("smoke", "matcher.pgd_dykstra.num_cycles=7")
    assert points_of(of(asked, "steps")) == points_of(of(plan, "steps"))
    assert {config.matcher.pgd_dykstra.num_cycles for config in of(asked, "sizes")} == {7}


def test_profiles_grow():
    amounts = []
    for name in ("smoke", "quick", "standard", "full"):
        poses, *_, random = (size for size in PROFILES[name].sections["matching"] if size.kind == "match")
        (of_poses,), (of_random,) = (
            {config.data.generated_poses.num_images for config in configs_of(poses, [])},
            {config.data.random.num_problems for config in configs_of(random, [])},
        )
        amounts.append((of_poses, of_random))
    assert amounts == sorted(amounts)


def test_an_override_that_does_not_fit_is_refused():
    with pytest.raises(InputError, match="unknown key 'sed'"):
        matching("smoke", "sed=1")


def test_the_standard_profile_runs_whole_sweeps():
    """Every trial of the sweep files, with the key that `mghp train` by hand would give it."""
    trials = configs_of(Size("sweeps/rotation.yaml", "train", seconds=1), [])
    by_hand = [
        load_config(
            ROOT / "experiments/parsing/ablation/rotation.yaml", [f"seed={seed}", f"data.augmentation.rotation={angle}"]
        )
        for angle in (0, 30, 90, 180)
        for seed in (0, 1, 2)
    ]
    assert [config_key(config, "data") for config in trials] == [config_key(config, "data") for config in by_hand]
    of_components = {config.variant for config in configs_of(Size("sweeps/parsing.yaml", "train", seconds=1), [])}
    assert of_components == set(variant_names(ROOT / "experiments/parsing/ablation/components.yaml"))


def test_the_standard_profile_sets_no_value_of_a_sweep_file():
    assert not [size for sizes in PROFILES["standard"].sections.values() for size in sizes if size.values]


def test_every_profile_takes_the_place_of_values_that_are_there():
    """A misspelt name of a value would be passed over."""
    for profile in PROFILES.values():
        for size in (size for sizes in profile.sections.values() for size in sizes):
            if size.values and size.file.startswith("sweeps/"):
                parameters = yaml.safe_load((ROOT / size.file).read_text())["parameters"]
                assert set(size.values) <= {key.rpartition(".")[2] for key in parameters}
