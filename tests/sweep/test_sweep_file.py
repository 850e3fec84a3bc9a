import hashlib
import json

import pytest
import yaml
from optuna.distributions import FloatDistribution, IntDistribution

from mghp.errors import InputError
from mghp.sweep.parameters import grid, trial_values
from mghp.sweep.sweep_file import Hyperband, read_sweep

FAULTS = {
    "unknown method": ({"method": "guess"}, "method: expected grid, random, bayes; got 'guess'"),
    "no method": ({"method": None}, "method: expected grid"),
    "no metric": ({"metric": None}, "metric: expected a name"),
    "metric without name": ({"metric": {"goal": "minimize"}}, "metric: expected a name"),
    "unknown goal": ({"metric": {"name": "loss", "goal": "smaller"}}, "metric.goal: expected minimize or maximize"),
    "metric target": ({"metric": {"name": "loss", "target": 0.1}}, "metric.target is not supported"),
    "min above max": ({"parameters": {"x": {"min": 2, "max": 1}}}, "parameters.x: min 2 lies above max 1"),
    "empty values": ({"parameters": {"x": {"values": []}}}, "parameters.x.values: expected a list of at least one"),
    "values no list": ({"parameters": {"x": {"values": 3}}}, "parameters.x.values: expected a list"),
    "no parameters": ({"parameters": {}}, "parameters: expected a mapping"),
    "no form": ({"parameters": {"x": {}}}, "parameters.x: expected value, values"),
    "scalar": ({"parameters": {"x": 3}}, "parameters.x: expected value, values"),
    "only min": ({"method": "random", "parameters": {"x": {"min": 1}}}, "parameters.x: expected value"),
    "text as bound": ({"parameters": {"x": {"min": "1e-3", "max": 1.0}}}, "parameters.x.min: expected a finite number"),
    "infinite bound": ({"parameters": {"x": {"min": 0.0, "max": float("inf")}}}, "parameters.x.max: expected a finite"),
    "unknown distribution": (
        {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0, "distribution": "cauchy"}}},
        "parameters.x.distribution: 'cauchy' is not supported",
    ),
    "a distribution that is no name": (
        {"method": "random", "parameters": {"x": {"distribution": ["normal"]}}},
        "parameters.x.distribution: expected a name, got ['normal']",
    ),
    "bounds of a shape": (
        {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0, "distribution": "beta"}}},
        "parameters.x: max does not go with distribution 'beta'",
    ),
    "shape without distribution": (
        {"method": "random", "parameters": {"x": {"mu": 0, "sigma": 1}}},
        "parameters.x: expected value, values",
    ),
    "no width": (
        {"method": "random", "parameters": {"x": {"distribution": "normal", "sigma": 0}}},
        "parameters.x.sigma: expected a positive number, got 0",
    ),
    "exponents without end": (
        {"method": "random", "parameters": {"x": {"distribution": "log_normal", "mu": 1000}}},
        "parameters.x: log_normal takes exponents of e from -700 to 700",
    ),
    "too few probabilities": (
        {"method": "random", "parameters": {"x": {"values": [1, 2], "probabilities": [1.0]}}},
        "parameters.x.probabilities: expected a number from 0 up for each of 2 values",
    ),
    "probabilities beyond 1": (
        {"method": "random", "parameters": {"x": {"values": [1, 2], "probabilities": [0.5, 0.9]}}},
        "parameters.x.probabilities: expected 1 together, got 1.4",
    ),
    "probabilities of a grid": (
        {"parameters": {"x": {"values": [1, 2], "probabilities": [0.1, 0.9]}}},
        "parameters.x: a grid takes every value, and no probabilities",
    ),
    "q of a plain distribution": (
        {"method": "random", "parameters": {"x": {"min": 1.0, "max": 9.0, "q": 1}}},
        "parameters.x: q goes with q_uniform and its like alone, got distribution 'uniform'",
    ),
    "grid of a logarithm": (
        {"parameters": {"x": {"min": 1.0, "max": 9.0, "q": 1, "distribution": "q_log_uniform_values"}}},
        "parameters.x: a grid has no end over a range of numbers",
    ),
    "logarithm of 0": (
        {"method": "random", "parameters": {"x": {"min": 0.0, "max": 1.0, "distribution": "log_uniform_values"}}},
        "parameters.x.min: log_uniform_values needs a positive number",
    ),
    "endless grid": ({"parameters": {"x": {"min": 0.0, "max": 1.0}}}, "parameters.x: a grid has no end"),
    "nested": ({"parameters": {"a": {"parameters": {"b": {"values": []}}}}}, "parameters.a.b.values: expected a list"),
    "unknown key": ({"metod": "grid"}, "unknown key 'metod'; did you mean 'method'?"),
    "key like no other": ({"xyz": 1}, "unknown key 'xyz'; valid are name, description, "),
    "command no list": ({"command": "mghp match"}, "command: expected a list of words"),
    "no program": ({"command": ["python", "${program}"]}, "program: expected the script"),
    "run_cap 0": ({"run_cap": 0}, "run_cap: expected a whole number from 1 up"),
    "run_cap without end": (
        {"run_cap": 10**12},
        "run_cap: expected a whole number from 1 up to 1000000, got 1000000000",
    ),
    "stopping unknown": ({"early_terminate": {"type": "median"}}, "early_terminate: expected type hyperband"),
    "hyperband strict": (
        {"early_terminate": {"type": "hyperband", "min_iter": 2, "strict": True}},
        "early_terminate.strict is not supported",
    ),
    "hyperband of nothing": ({"early_terminate": {"type": "hyperband"}}, "early_terminate: expected either min_iter"),
    "hyperband without s": ({"early_terminate": {"type": "hyperband", "max_iter": 9}}, "early_terminate.s: expected"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_one_line_that_names_file_and_key(sweep_yaml, fault):
    content, expected = FAULTS[fault]
    file = sweep_yaml(**content)
    with pytest.raises(InputError) as caught:
        read_sweep(file)
    message = str(caught.value)
    assert message.startswith(f"{file}: {expected}")
    assert "\n" not in message


def test_text_as_a_bound_says_how_to_write_the_number(sweep_yaml):
    with pytest.raises(InputError, match=r"write 1\.0e-3"):
        read_sweep(sweep_yaml(method="random", parameters={"x": {"min": "1e-3", "max": 1.0}}))


@pytest.mark.parametrize("text", ["- 1", "a: [", "&a [*a]", "2020-13-45", "", "!!python/object:os.system {}"])
def test_what_is_no_mapping_is_told(tmp_path, text):
    file = tmp_path / "odd.yaml"
    file.write_text(text)
    with pytest.raises(InputError, match=r"odd\.yaml"):
        read_sweep(file)


def test_missing_file(tmp_path):
    with pytest.raises(InputError, match=r"sweep file .*none\.yaml: no such file"):
        read_sweep(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ({"min": 1, "max": 5}, IntDistribution(1, 5)),
        ({"min": 1, "max": 5, "distribution": "uniform"}, FloatDistribution(1, 5)),
        ({"min": 0.5, "max": 2}, FloatDistribution(0.5, 2)),
        ({"min": 0.0, "max": 0.9, "distribution": "q_uniform", "q": 0.25}, FloatDistribution(0, 0.9)),
        ({"min": 0.1, "max": 9.0, "distribution": "log_uniform_values"}, FloatDistribution(0.1, 9, log=True)),
        ({"min": 0.0, "max": 1.0, "distribution": "log_uniform"}, FloatDistribution(1, 2.718281828459045, log=True)),
        ({"min": 0.1, "max": 9.0, "distribution": "inv_log_uniform_values"}, FloatDistribution(0.1, 9, log=True)),
        (
            {"min": -1.0, "max": 0.0, "distribution": "inv_log_uniform"},
            FloatDistribution(1, 2.718281828459045, log=True),
        ),
    ],
)
def test_forms_become_optunas_distributions(sweep_yaml, form, expected):
    (parameter,) = read_sweep(sweep_yaml(method="random", parameters={"x": form})).parameters
    assert parameter.distribution == expected
    assert parameter.values is None


def test_grid_goes_through_all_values_in_the_order_of_sorted_names(sweep_yaml):
    sweep = read_sweep(
        sweep_yaml(parameters={
            "b": {"values": [True, 1, 1.0, "1", None, [1, 2]]}, "a": {"min": 2, "max": 3}, "c": {"value": "same"},
            "d": {"parameters": {"z": {"value": 0}, "y": {"values": [0.0, 0.5]}}},
        })
    )  # fmt: skip
    points = [trial_values(sweep.parameters, point) for point in grid(sweep.parameters)]
    assert len(points) == 2 * 6 * 2
    assert points[0] == {"a": 2, "b": True, "c": "same", "d": {"y": 0.0, "z": 0}}
    assert points[1]["d"]["y"] == 0.5
    # What Python takes for equal stays apart.
    assert [repr(point["b"]) for point in points[:12:2]] == ["True", "1", "1.0", "'1'", "None", "[1, 2]"]
    assert [parameter.name for parameter in sweep.varied] == ["a", "b", "d.y"]


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"min_iter": 4}, Hyperband(4, 3)),
        ({"min_iter": 4, "eta": 2}, Hyperband(4, 2)),
        ({"max_iter": 27, "s": 2}, Hyperband(3, 3)),
        ({"max_iter": 5, "s": 4, "eta": 2}, Hyperband(1, 2)),
    ],
)
def test_hyperband_of_both_forms(sweep_yaml, block, expected):
    assert read_sweep(sweep_yaml(early_terminate={"type": "hyperband", **block})).early_terminate == expected


def test_a_grid_of_q_uniform_is_w_and_bs(sweep_yaml):
    form = {"distribution": "q_uniform", "min": 1, "max": 10, "q": 3}
    (parameter,) = read_sweep(sweep_yaml(parameters={"x": form})).parameters
    assert [parameter.value(drawn) for drawn in parameter.all_drawn()] == [1, 4, 7]
    assert parameter.distribution.choices == (0, 1, 2)


def test_a_sweep_begun_with_steps_from_min_is_not_gone_on_with(sweep_yaml):
    """Its study holds other trials: by an identity of the content alone it would be mixed with those of today."""
    form = {"distribution": "q_uniform", "min": 1, "max": 10, "q": 3}
    content = yaml.safe_load(sweep_yaml(parameters={"x": form}).read_text())
    decides = [content["method"], content["metric"], content["parameters"], content["command"], None, None]
    text = json.dumps(json.loads(json.dumps(decides, sort_keys=True)))
    before = hashlib.sha256(text.encode()).hexdigest()[:8]
    assert read_sweep(sweep_yaml(parameters={"x": form})).identity != before
    content["parameters"] = decides[2] = {"x": {"values": [1, 4, 7]}}
    unchanged = hashlib.sha256(json.dumps(json.loads(json.dumps(decides, sort_keys=True))).encode()).hexdigest()[:8]
    assert read_sweep(sweep_yaml(parameters=decides[2])).identity == unchanged


def test_identity_is_of_what_makes_trials(sweep_yaml):
    plain = read_sweep(sweep_yaml()).identity
    assert read_sweep(sweep_yaml(name="other.yaml", description="words", run_cap=3)).identity == plain
    for change in ({"method": "random"}, {"parameters": {"x": {"values": [0, 2]}}}, {"command": ["${env}", "true"]}):
        assert read_sweep(sweep_yaml(**change)).identity != plain
