import dataclasses
import string
import subprocess
import sys
from itertools import product
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import mghp.config.data
import mghp.config.identity
from mghp.config.identity import config_key
from mghp.config.load import load_config, load_config_text, to_yaml, variant_names
from mghp.config.metric_names import METRICS
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.matching.solvers import SOLVERS
from mghp.runs.files import read_config

CHECKOUT = Path(__file__).parents[2]
EXPERIMENTS = sorted(file for file in (CHECKOUT / "experiments").rglob("*.yaml") if file.parent.name != "anatomies")
NEEDED_BY_CHOICES = (
    "data.annotations=some.json", "network.pose_offsets=true", "losses.weights.pose_offsets=1",
    "losses.weights.limb_offsets=1", "network.centers=true",
)  # fmt: skip
SWEEPS = sorted((CHECKOUT / "sweeps").glob("*.yaml"))


@pytest.fixture(scope="module")
def empty_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("experiments") / "empty.yaml"
    file.write_text("")
    return file


@pytest.fixture
def load(tmp_path):
    """Load an experiment file of the given text."""

    def load_text(text, *overrides):
        file = tmp_path / "trial.yaml"
        file.write_text(text)
        return load_config(file, overrides)

    return load_text


@pytest.fixture
def refusal(load):
    """The one line by which a text and its overrides are refused."""

    def message(text, *overrides):
        with pytest.raises(InputError) as caught:
            load(text, *overrides)
        assert str(caught.value)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    return message


# Merging.


def test_each_layer_overrides_the_one_before(tmp_path):
    values = {"schema": 0.01, "base": 0.1, "experiment": 0.2, "variant": 0.3, "override": 0.4}
    assert Config().matcher.pgd_dykstra.step_size == values["schema"]

    def layer(name):
        return {"matcher": {"pgd_dykstra": {"step_size": values[name]}}}

    grandparent = {**layer("schema"), "seed": 7, "data": {"seed": 8}}
    (tmp_path / "grandparent.yaml").write_text(yaml.safe_dump(grandparent))
    (tmp_path / "parent.yaml").write_text(yaml.safe_dump({"base": "grandparent.yaml", **layer("base")}))
    child = {"base": "parent.yaml", "variants": {"v": layer("variant"), "w": {}}}
    found = []
    for content, overrides in [
        (child, []),
        ({**child, **layer("experiment")}, []),
        ({**child, **layer("experiment")}, ["variant=w"]),
        ({**child, **layer("experiment")}, ["variant=v"]),
        ({**child, **layer("experiment")}, ["matcher.pgd_dykstra.step_size=0.4", "variant=v"]),
    ]:
        (tmp_path / "child.yaml").write_text(yaml.safe_dump(content))
        config = load_config(tmp_path / "child.yaml", overrides)
        assert (config.seed, config.data.seed) == (7, 8)
        assert config.matcher.pgd_dykstra.num_steps == 50
        found.append(config.matcher.pgd_dykstra.step_size)
    assert found == [0.1, 0.2, 0.2, 0.3, 0.4]


def test_the_last_of_equal_overrides_counts(load):
    assert load("seed: 1", "seed=2", "seed=3").seed == 3


def test_a_base_is_found_beside_its_file_not_beside_the_caller(tmp_path, monkeypatch):
    (tmp_path / "below").mkdir()
    (tmp_path / "parent.yaml").write_text("seed: 5")
    (tmp_path / "below" / "child.yaml").write_text("base: ../parent.yaml")
    monkeypatch.chdir(tmp_path / "below")
    assert load_config("child.yaml").seed == 5


def test_bases_in_a_circle_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("base: b.yaml")
    (tmp_path / "b.yaml").write_text("base: a.yaml")
    with pytest.raises(InputError, match=r"a\.yaml: base files form a circle"):
        load_config(tmp_path / "a.yaml")


def test_a_missing_base_names_the_file_that_asks_for_it(refusal):
    assert "trial.yaml: base" in refusal("base: none.yaml")
    assert "none.yaml: no such file" in refusal("base: none.yaml")


def test_the_experiment_is_named_by_its_file_unless_it_names_itself(tmp_path):
    (tmp_path / "parent.yaml").write_text("experiment: own_name")
    (tmp_path / "child.yaml").write_text("base: parent.yaml")
    assert load_config(tmp_path / "parent.yaml").experiment == "own_name"
    assert load_config(tmp_path / "child.yaml").experiment == "child"
    assert load_config(tmp_path / "child.yaml", ["experiment=mine"]).experiment == "mine"


# Variants.


def test_a_variant_is_chosen_by_file_or_override_or_not_at_all(load):
    text = "seed: 1\nvariants: {two: {seed: 2}, 3: {seed: 3}}\n"
    assert [load(text, *more).seed for more in ([], ["variant=two"], ["variant=3"])] == [1, 2, 3]
    assert load(text + "variant: two").seed == 2
    assert load(text + "variant: two").variant == "two"
    assert load(text + "variant: two", "variant=3").seed == 3
    assert load(text + "variant: two", "variant=").seed == 1


def test_an_unknown_variant_names_the_nearest(refusal):
    text = "variants: {warm_start: {}, cold: {}}"
    assert "no variant 'warm_strt'; did you mean 'warm_start'?" in refusal(text, "variant=warm_strt")
    assert "valid are warm_start, cold" in refusal(text, "variant=xyz")
    assert "no variant 'a'" in refusal("", "variant=a")
    assert "no variant" in refusal(text, "variant=[1]")


@pytest.mark.parametrize("settings_", ["3", "[1]", "text"])
def test_a_variant_that_is_no_mapping_is_refused(refusal, settings_):
    assert "variant a must map keys to values" in refusal(f"variants: {{a: {settings_}}}", "variant=a")
    assert "variants must map names" in refusal(f"variants: {settings_}")


def test_a_key_misspelt_in_a_variant_names_the_variant(refusal):
    message = refusal("variants: {v: {matcher: {nam: greedy}}}", "variant=v")
    assert "trial.yaml, variant v: unknown key 'matcher.nam'; did you mean 'matcher.name'?" in message


# Faulty keys and values.


def all_keys(section=Config, prefix=""):
    for field in dataclasses.fields(section):
        hint = get_type_hints(section)[field.name]
        yield f"{prefix}{field.name}", hint
        if dataclasses.is_dataclass(hint):
            yield from all_keys(hint, f"{prefix}{field.name}.")


KEYS = dict(all_keys())
SECTIONS = [key for key, hint in KEYS.items() if dataclasses.is_dataclass(hint)]
CHOICES = [key for key, hint in KEYS.items() if get_origin(hint) is Literal]
NUMBERS = [key for key, hint in KEYS.items() if hint in (int, float)]


def nested(key, value):
    first, _, rest = key.partition(".")
    return {first: nested(rest, value) if rest else value}


def test_the_schema_was_walked():
    assert {"matcher.pgd_dykstra", "data.poses"} <= set(SECTIONS)
    assert {"matcher.name", "data.random.kind"} <= set(CHOICES)
    assert {"seed", "matcher.sinkhorn.epsilon", "match.trace_problems"} <= set(NUMBERS)


@pytest.mark.parametrize("key", [key for key in KEYS if len(key.rpartition(".")[2]) > 4 and key not in SECTIONS])
def test_a_misspelt_key_names_itself_its_origin_and_the_nearest(refusal, key):
    wrong = key[:-2] + key[-1]
    nearest = f"unknown key {wrong!r}; did you mean {key!r}?"
    assert refusal("", f"{wrong}=1") == f"{wrong}=1: {nearest}"
    message = refusal(yaml.safe_dump(nested(wrong, 1)))
    assert "trial.yaml" in message
    assert nearest in message


def test_a_key_like_no_other_lists_the_valid_ones(refusal):
    assert "valid are data.name, data.annotations" not in refusal("", "data.nam=1")
    assert "valid are matcher.name, matcher.pgd_dykstra" in refusal("", "matcher.zzzzzz=1")


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", ["some", "[1]", "{a: 1}", "null", "True", "???"])
def test_a_wrong_type_names_its_key(refusal, key, value):
    assert refusal("", f"{key}={value}").startswith(f"{key}={value}: {key}")
    message = refusal(yaml.safe_dump(nested(key, yaml.safe_load(value))))
    assert "trial.yaml" in message
    assert key in message


@pytest.mark.parametrize("key", SECTIONS)
@pytest.mark.parametrize("value", ["3", "null", "some", "[1]", "True"])
def test_a_scalar_for_a_section_is_refused(refusal, key, value):
    assert f"{key} is a section" in refusal("", f"{key}={value}")
    assert f"{key} is a section" in refusal(yaml.safe_dump(nested(key, yaml.safe_load(value))))


def test_a_scalar_for_a_section_is_refused_over_a_base_as_well(tmp_path):
    (tmp_path / "parent.yaml").write_text("matcher: {name: greedy}")
    (tmp_path / "child.yaml").write_text("base: parent.yaml\nmatcher: greedy")
    with pytest.raises(InputError, match="matcher is a section"):
        load_config(tmp_path / "child.yaml")


@pytest.mark.parametrize("key", CHOICES)
def test_every_choice_is_accepted_and_no_other(load, refusal, key):
    message = refusal("", f"{key}=nonsense")
    assert message.startswith(f"{key}=nonsense: {key}: ")
    for choice in get_args(KEYS[key]):
        assert choice in message
        config = load("", f"{key}={choice}", *NEEDED_BY_CHOICES)
        for part in key.split("."):
            config = getattr(config, part)
        assert config == choice


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("matcher.pgd_dykstra.num_steps=0", "matcher.pgd_dykstra.num_steps must be at least 1, got 0"),
        ("matcher.pgd_dykstra.step_size=nan", "matcher.pgd_dykstra.step_size must be positive and finite"),
        ("matcher.projection.tau=-1", "matcher.projection.tau must be positive"),
        ("matcher.sinkhorn.epsilon=0", "matcher.sinkhorn.epsilon must be positive"),
        ("data.poses.jitter=-0.1", "data.poses.jitter must be finite and not negative, got -0.1"),
        ("data.poses.field_noise=.inf", "data.poses.field_noise must be finite"),
        ("data.poses.spurious=.nan", "data.poses.spurious must be finite"),
        ("data.poses.miss=1.5", "data.poses.miss is a probability"),
        ("data.poses.num_samples=0", "data.poses.num_samples must be at least 1"),
        ("data.max_images=0", "data.max_images must be at least 1"),
        ("data.validation_share=1", "data.validation_share must lie between 0 and 1"),
        ("data.random.source=0", "data.random.source must be at least 1"),
        ("data.generated_poses.num_images=0", "data.generated_poses.num_images must be at least 1"),
        ("data.name=mhp_poses", "data.annotations"),
        ("match.trace_problems=-1", "match.trace_problems must not be negative"),
        (
            "match.rounding=[nearest]",
            "match.rounding[0]: Invalid value 'nearest', expected one of ['hungarian', 'mutual',",
        ),
        ("bench.repeats=0", "bench.repeats must be at least 1"),
        ("bench.sizes=[2, 0]", "bench.sizes must be at least 1"),
        ("bench.batches=[]", "bench.batches: expected at least one number"),
        ("assembly.center_threshold=1", "assembly.center_threshold must lie in [0, 1) or be null"),
        ("seed=-1", "seed must be at least 0"),
        (f"seed={2**63}", "seed must be at least 0 and fit 63 bits"),
    ],
)
def test_a_value_out_of_range_names_its_key_whole(refusal, override, named):
    assert named in refusal("", override)


@pytest.mark.parametrize("weight", ["heatmaps", "field"])
def test_grouping_by_centres_needs_what_it_groups_by(refusal, weight):
    said = refusal(f"losses: {{weights: {{{weight}: 0.0}}}}", "assembly.grouping=center")
    assert "assembly.grouping: center needs losses.weights.heatmaps and losses.weights.field" in said


@pytest.mark.parametrize(
    ("override", "said"),
    [
        ("network.limbs=both", "network.limbs: both needs losses.weights.limb_offsets above 0"),
        ("network.pose_offsets=true", "network.pose_offsets: true needs losses.weights.pose_offsets above 0"),
        ("assembly.completion=offsets", "assembly.completion: offsets needs network.pose_offsets=true"),
        (
            "assembly.grouping=hybrid",
            "assembly.grouping: hybrid needs network.centers=true and network.pose_offsets=true",
        ),
        ("assembly.levels=2", "assembly.levels: the network has fields of 3 levels, got 2"),
        ("network.further_fields=[1, 3]", "further_fields must differ from levels=3 and from each other, got [1, 3]"),
        ("network.further_fields=[5]", "network.further_fields must be 1 to 4, got 5"),
    ],
)
def test_heads_need_what_trains_them(refusal, override, said):
    assert said in refusal("", override)


def test_centres_need_what_trains_them(refusal):
    said = refusal("losses: {weights: {field: 0.0}}", "network.centers=true")
    assert "network.centers: true needs losses.weights.heatmaps and losses.weights.field above 0" in said


def test_a_field_to_centres_of_its_own_leaves_the_others_to_keypoints(empty_file):
    for override, towards in (("network.centers=true", "annotated"), ("network.centers=false", "center")):
        config = load_config(empty_file, ["assembly.grouping=center", override])
        assert (config.trains_towards, config.assembly.points_towards) == (towards, "center")


@pytest.mark.parametrize(
    "override", ["seed", "", "=", "=1", ".seed=1", "matcher.=1", "matcher..name=greedy", "seed.=1"]
)
def test_what_is_no_key_and_value_is_refused(refusal, override):
    assert refusal("", override)


# How values are read.

TYPED = ["0123", "007", "010", "on", "no", "True", "12:30:00", "1.10", "1e5", "1_000", "0x10", "2026-11-28", "=", "<<"]
"""Texts that YAML 1.1 takes for something else."""


@pytest.mark.parametrize("text", [*TYPED, "2026_11_28", "1_", ".5", "-1", "3 # 4"])
def test_text_in_a_file_is_the_text_as_typed(load, text):
    text = text.partition(" #")[0]  # in YAML a comment
    config = load(f"experiment: {text}\nruns: {text}\ndata: {{annotations: {text}, splits: {{train: {text}}}}}")
    assert [config.experiment, config.runs, config.data.annotations, config.data.splits.train] == [text] * 4
    name = "merged" if text == "<<" else text  # as a key it merges
    assert load(f"variants: {{{name}: {{runs: {text}}}}}\nvariant: {name}").runs == text
    assert load(f"variants: {{a: &a {{runs: {text}}}, b: {{<<: *a, seed: 3}}}}", "variant=b").runs == text


@pytest.mark.parametrize(
    "text",
    [*TYPED, "2026_11_28", "/data/set #2", "out # 3", "/a: b", "[1] a", "[1]", "{a: 1}", "'x'", '"', "!!int 3", "&a",
     "*a", "@x", "% of", " x ", "- a", "null", "None", "a\tb", "--- a", "?", "|", ">"],
)  # fmt: skip
def test_text_on_a_command_line_is_the_text_as_typed(load, text):
    for key in ("runs", "wandb.project", "data.root", "data.splits.train"):
        config = load("runs: [not, this]" if key == "runs" else "", f"{key}={text}")
        for part in key.split("."):
            config = getattr(config, part)
        assert config == text


def test_text_of_lists_and_sections_is_the_text_as_typed(refusal, load):
    assert "evaluation.scenes: expected some of simple, " in refusal("", "evaluation.scenes=[on]")
    assert "got '007'" in refusal("", "evaluation.scenes=[007]")
    assert "got '1.10'" in refusal("evaluation: {scenes: [1.10]}")
    config = load("", "data={'root': '/data/set #2', 'splits': {'train': 0123}, 'seed': 0123}")
    assert (config.data.root, config.data.splits.train, config.data.seed) == ("/data/set #2", "0123", 123)


def test_an_alias_is_read_by_the_type_of_each_key_that_it_stands_under(load):
    config = load("seed: &a 0123\nexperiment: *a\ntrainer: {max_steps: *a}")
    assert (config.seed, config.experiment, config.trainer["max_steps"]) == (123, "0123", 123)


def test_names_that_become_one_text_are_one_key_twice(refusal):
    assert "key '3' is there twice" in refusal("variants: {3: {}, '3': {}}")


@pytest.mark.parametrize(("text", "number"), [("010", 10), ("0123", 123), ("1_000", 1000), ("0x10", 16), ("+7", 7)])
def test_a_whole_number_is_decimal_whatever_it_begins_with(load, text, number):
    assert load("", f"seed={text}").seed == load(f"seed: {text}").seed == number


@pytest.mark.parametrize("text", ["12:30", "12:30:00", "3 # 4", "1 2"])
def test_what_only_begins_as_a_number_is_none(refusal, text):
    assert refusal("", f"seed={text}").startswith((f"seed={text}: ", f"'seed={text}': "))


NULLABLE = {key: hint for key, hint in KEYS.items() if type(None) in get_args(hint)}


@pytest.mark.parametrize("key", NULLABLE)
@pytest.mark.parametrize("null", ["null", "~", "None"])
def test_every_key_that_may_be_null_reads_null_as_yaml_and_as_python_write_it(load, key, null):
    given = {"assembly.largest_similarity": "0.25"}.get(key, "1")
    if float in get_args(NULLABLE[key]):
        given = "0.25"
    config = load("data: {name: random}\nmatcher: {name: greedy}", f"{key}={given}", f"{key}={null}")
    for part in key.split("."):
        config = getattr(config, part)
    preset = mghp.config.data.POSE_PRESETS["default"]
    assert config == (getattr(preset, key.rpartition(".")[2]) if key.startswith("data.poses.") else None)


def test_none_in_a_file_or_beside_null_is_a_text(load):
    assert load("data: {annotations: None}").data.annotations == "None"
    assert load("data: {annotations: null}").data.annotations is None
    assert load("", "data.annotations=./None").data.annotations == "./None"
    assert load("", "trainer={'gradient_clip_val': None, 'x': [None, 'None']}").trainer == {
        "gradient_clip_val": None, "x": [None, "None"],
    }  # fmt: skip


def test_null_for_a_text_that_cannot_be_null_is_refused_in_a_file(refusal):
    for text in ("null", "~", ""):
        assert "trial.yaml: experiment: " in refusal(f"experiment: {text}")


@pytest.mark.parametrize("text", [*TYPED, "null", "None", "~", "", " x", "a: b", "#", "é"])
def test_texts_survive_the_resolved_config(load, tmp_path, text):
    config = dataclasses.replace(Config(), wandb=mghp.config.wandb.WandbConfig(project=text), trainer={"x": [text]})
    config.data.annotations = text
    (tmp_path / "config.yaml").write_text(to_yaml(config))
    back = load_config(tmp_path / "config.yaml")
    assert (back.wandb.project, back.data.annotations, back.trainer) == (text, text, {"x": [text]})
    assert read_config(tmp_path / "config.yaml")["wandb"]["project"] == text


@pytest.mark.parametrize("text", ["1e-3", "1e-03", "1E-3", "1.0e-3", "0.001", "+1e-3", "10e-4"])
def test_scientific_notation_is_a_number(load, text):
    assert load("", f"matcher.pgd_dykstra.step_size={text}").matcher.pgd_dykstra.step_size == 1e-3
    assert load(f"matcher: {{pgd_dykstra: {{step_size: {text}}}}}").matcher.pgd_dykstra.step_size == 1e-3


@pytest.mark.parametrize("value", [True, False, 3, 0.25, 1e-05, "uniform"])
def test_what_an_agent_prints_is_read_back(load, value):
    """W&B prints the values of a trial as Python does."""
    key = {bool: "average", int: "num_steps", float: "step_size", str: "initial"}[type(value)]
    assert getattr(load("", f"matcher.pgd_dykstra.{key}={value}").matcher.pgd_dykstra, key) == value
    assert getattr(load("", f"matcher.pgd_dykstra.{key}={str(value).lower()}").matcher.pgd_dykstra, key) == value


def test_lists_as_an_agent_prints_them_are_read_back(load):
    assert load("", "match.rounding=['hungarian', 'mutual']").match.rounding == ["hungarian", "mutual"]
    assert load("", "match.rounding=[hungarian,mutual]").match.rounding == ["hungarian", "mutual"]
    assert load("", "match.rounding=[]").match.rounding == []
    assert load("", "bench.sizes=[2, 8]").bench.sizes == [2, 8]


def test_a_value_may_hold_an_equals_sign(load):
    assert load("", "data.annotations=a=b.json").data.annotations == "a=b.json"


@pytest.mark.parametrize(
    "text",
    [
        "{", "a: b: c", "\t- a", "'", "seed: !!python/object/apply:os.getcwd []", "seed: !!python/name:os.getcwd",
        "seed: 2020-13-45", "seed: !!int some", "seed: !!bool some", "seed: !!timestamp some", "\x00", "[" * 2000,
    ],
)  # fmt: skip
def test_broken_yaml_names_its_file(refusal, text):
    assert "trial.yaml: not readable as YAML" in refusal(text)


@pytest.mark.parametrize("value", ["{", "!!python/object/apply:os.getcwd []", "2020-13-45", "!!bool some", "[" * 2000])
def test_a_broken_value_names_its_override(refusal, value):
    assert "seed=" in refusal("", f"seed={value}")


@pytest.mark.parametrize("text", ["- seed", "seed", "3"])
def test_a_file_that_is_no_mapping_is_refused(refusal, text):
    assert "expected a mapping of keys to values" in refusal(text)


@pytest.mark.parametrize("text", ["seed: &a [*a]", "matcher: &a {name: *a}", "matcher: &a {pgd_dykstra: *a}"])
def test_yaml_that_holds_itself_is_refused(refusal, text):
    assert "trial.yaml" in refusal(text)


def test_values_of_no_use_in_a_base_are_refused(tmp_path):
    (tmp_path / "parent.yaml").write_text("seed: 2020-01-01")
    (tmp_path / "child.yaml").write_text("base: parent.yaml")
    with pytest.raises(InputError, match=r"child\.yaml: seed: "):
        load_config(tmp_path / "child.yaml")


def test_a_missing_file_and_a_folder_are_told_apart(tmp_path):
    with pytest.raises(InputError, match=r"experiment file .*none\.yaml: no such file"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(InputError, match="a folder, not a file"):
        load_config(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path):
    (tmp_path / "bytes.yaml").write_bytes(b"seed: \xff\xfe")
    with pytest.raises(InputError, match=r"bytes\.yaml: not readable"):
        load_config(tmp_path / "bytes.yaml")


names = st.sampled_from([*KEYS, "sed", "matcher.nme", "variants", "base", "", "."]) | st.text(
    string.printable, max_size=8
)


def test_an_interpolation_of_nothing_names_its_key(refusal):
    assert refusal("", "bench.steps=${none}") == "bench.steps: Interpolation key 'none' not found"


@pytest.mark.parametrize(
    "text",
    ["${oc.env:SECRET}", "a/${oc.env:SECRET}", "${oc.${experiment}:SECRET}", "${data.${oc.env:SECRET}}",
     "${oc.env :SECRET}", "\\${oc.env:SECRET}", "${oc.create:{a: 1}}", "${oc.decode:${oc.env:SECRET}}"],
)  # fmt: skip
def test_no_resolver_reads_the_environment_into_a_run(refusal, monkeypatch, text):
    monkeypatch.setenv("SECRET", "in the clear")
    sources = [
        ({"runs": text}, [], "trial.yaml: runs: "),
        ({"experiment": "env", "trainer": {"logger": [1, {"key": text}]}}, [], "trial.yaml: trainer.logger.1.key: "),
        ({"variants": {"v": {"data": {"root": text}}}}, ["variant=v"], "trial.yaml, variant v: data.root: "),
        ({}, [f"wandb.project={text}"], f"wandb.project={text}: wandb.project: "),
    ]
    for content, overrides, where in sources:
        said = refusal(yaml.safe_dump(content), *overrides)
        assert where in said
        assert "only other keys are interpolated, as ${key}; got a resolver" in said
        assert "in the clear" not in said
        with pytest.raises(InputError, match="got a resolver"):
            load_config_text(yaml.safe_dump(content), overrides, "last.ckpt")  # as a checkpoint's own config


def test_other_keys_are_interpolated(load):
    assert load("seed: 3\nruns: out/${seed}/${data.name}:x").runs == "out/3/generated_poses:x"
    assert load("", "data.seed=${seed}", "seed=4").data.seed == 4


values = (
    st.sampled_from(["", "null", "1e-3", "???", "${seed}", "${", "${oc.env:NONE}", "[", "{}", "2020-01-01", "1e999"])
    | st.text(string.printable, max_size=8)
    | st.integers().map(str)
    | st.floats().map(str)
    | st.lists(st.integers() | st.text(max_size=3)).map(str)
)


@given(overrides=st.lists(st.tuples(names, values), max_size=3))
@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_given_loads_or_is_refused_with_words(empty_file, overrides):
    try:
        config = load_config(empty_file, [f"{key}={value}" for key, value in overrides])
    except InputError as error:
        assert str(error)  # noqa: PT017 (both outcomes are right)
    else:
        assert isinstance(config, Config)


contents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names.map(lambda key: key[-12:]), inner, max_size=3),
    max_leaves=6,
)


@given(content=st.dictionaries(st.sampled_from(["base", "variants", "variant", *SECTIONS, "seed"]), contents))
@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_a_file_holds_loads_or_is_refused_with_words(empty_file, content):
    file = empty_file.with_name("fuzz.yaml")
    file.write_text(yaml.safe_dump(content))
    try:
        load_config(file)
    except InputError as error:
        assert str(error)  # noqa: PT017


# Presets, the resolved config and its key.


def test_a_preset_is_resolved_and_may_be_overridden(load):
    hard = load("", "data.poses.preset=hard").data.poses
    assert (hard.jitter, hard.miss, hard.spurious) == (0.03, 0.15, 1.0)
    assert (hard.field_width, hard.field_noise, hard.min_persons) == (0.06, 0.8, 3)
    assert hard.num_samples == 10
    changed = load("", "data.poses.preset=hard", "data.poses.jitter=0.5").data.poses
    assert changed == dataclasses.replace(hard, jitter=0.5)
    default, easy = (load("", f"data.poses.preset={name}").data.poses for name in ("default", "easy"))
    for amount in ("jitter", "miss", "spurious", "field_width", "field_noise"):
        assert getattr(easy, amount) == getattr(default, amount) / 2


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_a_resolved_config_reads_back_to_itself(path, tmp_path):
    file = tmp_path / "config.yaml"
    for variant in ["", *variant_names(path)]:
        config = load_config(path, [f"variant={variant}", "data.poses.jitter=0.5", "data.max_images=3"])
        file.write_text(to_yaml(config))
        assert load_config(file) == config
    file.write_text(to_yaml(Config()))
    assert load_config(file).matcher == Config().matcher


CHANGES = [
    "experiment=other", "seed=1", "matcher.name=greedy", "matcher.pgd_dykstra.num_steps=51",
    "matcher.pgd_dykstra.warm_start=true", "matcher.sinkhorn.rho=2", "data.seed=1", "data.max_images=9",
    "data.poses.jitter=0.5", "data.poses.preset=hard", "data.random.kind=normal", "match.dtype=float64",
    "match.rounding=[mutual]", "match.timing_repeats=0", "bench.repeats=3",
]  # fmt: skip


def test_the_key_of_a_run_follows_all_that_it_computes(empty_file):
    keys = {config_key(load_config(empty_file, [change]), "data") for change in CHANGES}
    keys.add(config_key(load_config(empty_file), "data"))
    keys.add(config_key(load_config(empty_file), "other data"))
    assert len(keys) == len(CHANGES) + 2


@pytest.mark.parametrize("change", ["runs=elsewhere", "wandb.mode=online", "wandb.project=other"])
def test_the_key_of_a_run_ignores_where_it_is_written(empty_file, change):
    assert config_key(load_config(empty_file, [change]), "data") == config_key(load_config(empty_file), "data")


def test_the_key_of_a_run_follows_the_schema_version(monkeypatch):
    before = config_key(Config(), "data")
    monkeypatch.setattr(mghp.config.identity, "SCHEMA_VERSION", mghp.config.identity.SCHEMA_VERSION + 1)
    assert config_key(Config(), "data") != before


@pytest.mark.parametrize(
    "change", ["matcher.name=perturbed", "evaluation.matchers=[greedy,perturbed]", "evaluation.matcher=perturbed"]
)
def test_the_version_of_a_matcher_enters_the_keys_of_its_own_runs_alone(monkeypatch, empty_file, change):
    its, others = load_config(empty_file, [change]), load_config(empty_file, ["matcher.name=blackbox"])
    before = config_key(its, "data"), config_key(others, "data")
    newer = dataclasses.replace(SOLVERS["perturbed"], version=SOLVERS["perturbed"].version + 1)
    monkeypatch.setitem(SOLVERS._added, "perturbed", newer)
    assert config_key(its, "data") != before[0]
    assert config_key(others, "data") == before[1]


def test_loading_a_config_imports_no_heavy_package(empty_file):
    program = (
        f"import sys; from mghp.config.load import load_config; load_config({str(empty_file)!r}); print(*sys.modules)"
    )
    output = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert not set(output.split()) & {"torch", "lightning", "wandb", "matplotlib", "pandas", "numba", "cvxpy", "scipy"}


# The experiment and sweep files.


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_an_experiment_opens_with_its_question_and_loads_with_every_variant(path):
    comment = [line for line in path.read_text().splitlines() if line.startswith("#")]
    assert path.read_text().startswith("# ")
    assert "?" in " ".join(comment)
    for variant in variant_names(path):
        assert load_config(path, [f"variant={variant}"]).variant == variant


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_calls_a_command_with_flat_keys_that_load(path):
    sweep = yaml.safe_load(path.read_text())
    env, *command, experiment, arguments = sweep["command"]
    of_solvers = ("matcher", "solvers", "scale", "scale_random", "photographs_matcher", "photographs_solvers")
    subcommand = "match" if path.stem in of_solvers else "train"
    assert [env, *command, arguments] == ["${env}", "mghp", subcommand, "${args_no_hyphens}"]
    assert (CHECKOUT / experiment).is_file()
    assert sweep["method"] == "grid"
    for key, setting in sweep["parameters"].items():
        assert set(setting) == {"values"}
        assert None not in setting["values"]
        assert len(set(map(str, setting["values"]))) == len(setting["values"])
        for value in setting["values"]:
            config = load_config(CHECKOUT / experiment, [f"{key}={value}"])
            for part in key.split("."):
                config = getattr(config, part)
            if isinstance(value, dict):  # several keys at once
                assert {name: getattr(config, name) for name in value} == value
            else:
                assert config == value


def test_the_sweep_of_steps_spans_the_paper_in_at_most_48_trials():
    parameters = yaml.safe_load((CHECKOUT / "sweeps" / "matcher.yaml").read_text())["parameters"]
    trials = list(product(*(setting["values"] for setting in parameters.values())))
    assert [key.rpartition(".")[2] for key in parameters] == ["num_steps", "num_cycles", "step_size"]
    assert len(trials) <= 48
    assert (50, 5, 0.01) in trials


def test_keys_at_their_defaults_do_not_enter_a_run_s_key():
    defaults = mghp.config.identity._defaults()
    resolved = dataclasses.asdict(Config())
    assert mghp.config.identity._differences(
        resolved | {"new": 3}, defaults | {"new": 3}
    ) == mghp.config.identity._differences(resolved, defaults)
    changed = mghp.config.identity._differences(resolved | {"seed": 5}, defaults)
    assert changed["seed"] == 5


def test_where_data_lie_does_not_enter_a_run_s_key(empty_file):
    keys = {
        config_key(
            load_config(empty_file, ["data.name=mhp_poses", f"data.annotations={file}", f"data.root={file}"]), "x"
        )
        for file in ("a.json", "b.json")
    }
    assert len(keys) == 1


@pytest.mark.parametrize("name", ["solvers", "parsing", "learned", "photographs_solvers"])
def test_a_sweep_of_variants_is_of_all(name):
    sweep = yaml.safe_load((CHECKOUT / "sweeps" / f"{name}.yaml").read_text())
    assert sweep["parameters"]["variant"]["values"] == variant_names(CHECKOUT / sweep["command"][3])


@pytest.mark.parametrize("path", SWEEPS, ids=lambda path: path.stem)
def test_a_sweep_s_metric_is_one_that_its_runs_have(path, tiny_runs):
    metric = yaml.safe_load(path.read_text())["metric"]
    assert metric["goal"] == ("minimize" if "gap" in metric["name"] else "maximize")
    if metric["name"].startswith("val/"):  # of trainings
        entry = METRICS[metric["name"].removeprefix("val/")]
        assert entry.scope == "set"
        assert entry.larger_is_better == (metric["goal"] == "maximize")
        return
    if metric["name"].startswith(("test/", "limbs/")):  # see tests/studies/learned and tests/evaluation/test_limb_pairs
        return
    for run in tiny_runs.values():
        assert metric["name"] in run.result["metrics"]


@pytest.mark.parametrize("key", ["network.weights", "training.continue_from"])
def test_what_a_training_begins_with_is_the_same_in_any_folder_of_runs(empty_file, key):
    """Else no training that begins with another could be told before that one is there."""

    def key_of(begins, runs="runs"):
        return config_key(load_config(empty_file, [f"runs={runs}", f"{key}={begins}/starts/83ed221969"]), "data")

    assert key_of("fresh", runs="fresh") == key_of("runs")
    assert key_of("runs", runs="fresh") == key_of("runs")  # sweeps name the usual folder
    assert len({key_of("runs"), key_of("elsewhere"), key_of("elsewhere", runs="fresh"), key_of("fresh")}) == 3
