"""The argument lists are those of W&B's own agent, fed what its server would hand out."""

import importlib.util
import itertools
import json
from types import SimpleNamespace

import pytest
import yaml
from wandb import wandb_agent

from mghp.config.data import POSE_PRESETS
from mghp.config.load import load_config
from mghp.sweep.arguments import argument_list
from mghp.sweep.parameters import grid, trial_values
from mghp.sweep.sweep_file import read_sweep

FORMS = [
    "${args}", "${args_no_hyphens}", "${args_no_equals}", "${args_no_boolean_flags}", "${args_append_hydra}",
    "${args_override_hydra}", "${args_json}", "${unknown}", "word ${args}", "${envvar:HOME}/x",
    "a-${envvar:NO_SUCH}", 3,
]  # fmt: skip

NESTED = {
    "b": {"values": [True, False]},
    "optimizer": {"parameters": {"lr": {"values": [1e-5, 0.001]}, "betas": {"value": [0.9, 0.999]}}},
    "a": {"values": [1e-07, 0.1 + 0.2, "1e-3", None, 10**20, "two words"]},
    "list": {"value": [1, [2, "x"], {"z": 1, "a": None}]},
}


@pytest.fixture(scope="module")
def stand_in(checkout):
    """The module that plays W&B's server on loopback."""
    file = checkout.parent / "shared" / "tools" / "fake_wandb_backend.py"
    if not file.is_file():
        pytest.skip(f"the stand-in of W&B's server is not here: {file}")
    spec = importlib.util.spec_from_file_location("stand_in", file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def agents_lists(stand_in, monkeypatch, tmp_path):
    """What `wandb agent` would execute for a sweep's first trials."""
    launched = []
    monkeypatch.setattr(wandb_agent, "AgentProcess", lambda command, **_: launched.append(command) or SimpleNamespace())
    monkeypatch.setenv("WANDB_DIR", str(tmp_path))
    monkeypatch.setenv("WANDB_SWEEP_ID", "sweep")
    for name in ("WANDB_RUN_ID", "WANDB_SWEEP_PARAM_PATH"):
        monkeypatch.setenv(name, "set by the agent")

    def lists(file):
        uploaded = yaml.dump(json.loads(json.dumps(yaml.safe_load(file.read_text()))))
        sweep = stand_in.Sweep("id", "entity", "project", uploaded, None, 0)
        launched.clear()
        agent = wandb_agent.Agent(api=None, queue=None, sweep_id="sweep")
        for assignment in itertools.takewhile(bool, (sweep.next("agent") for _ in itertools.count())):
            agent._sweep_command = list(sweep.config.get("command") or [])
            command = {
                "run_id": assignment["run_id"],
                "args": assignment["args"],
                "program": sweep.config.get("program"),
            }
            agent._command_run(command)
        return list(launched)

    return lists


def own_lists(file, json_file):
    sweep = read_sweep(file)
    values = [trial_values(sweep.parameters, point) for point in grid(sweep.parameters)]
    return [argument_list(sweep, given, json_file) for given in values]


@pytest.mark.parametrize("name", ["matcher", "solvers", "parsing", "rotation", "field", "matching_long"])
def test_of_the_sweeps_here(checkout, agents_lists, tmp_path, name):
    file = checkout / "sweeps" / f"{name}.yaml"
    own = own_lists(file, tmp_path)
    assert own == agents_lists(file)
    trials = {"matcher": 48, "solvers": 13, "parsing": 39, "rotation": 12, "field": 12, "matching_long": 6}
    assert len(own) == trials[name]
    assert own[0][:3] == ["/usr/bin/env", "mghp", "match" if name in ("matcher", "solvers") else "train"]


@pytest.mark.parametrize("form", FORMS)
def test_of_nested_parameters_booleans_lists_and_small_floats(sweep_yaml, agents_lists, tmp_path, form):
    file = sweep_yaml(parameters=NESTED, program="train.py", command=["${env}", "${interpreter}", "${program}", form])
    assert own_lists(file, tmp_path) == agents_lists(file)


def test_of_a_file_without_command(sweep_yaml, agents_lists, tmp_path):
    file = sweep_yaml(without=("command",), program="train.py", parameters=NESTED)
    own = own_lists(file, tmp_path)
    assert own == agents_lists(file)
    assert own[0][:3] == ["/usr/bin/env", "python", "train.py"]
    assert len(own) == 24


def test_json_file_is_named_where_it_is_asked_for(sweep_yaml, tmp_path):
    file = sweep_yaml(command=["${env}", "true", "${args_json_file}"])
    assert own_lists(file, tmp_path / "a.json")[0] == ["/usr/bin/env", "true", str(tmp_path / "a.json")]


def test_texts_and_null_reach_the_config_of_a_trial_as_they_are(sweep_yaml, checkout, tmp_path):
    texts = ["7", "007", "on", "1.10", "2026-11-28", "/data/set #2"]
    file = sweep_yaml(
        parameters={"wandb.project": {"values": texts}, "data.poses.jitter": {"values": [None, 0.1]}},
        command=["${env}", "mghp", "match", str(checkout / "experiments/matcher/paper.yaml"), "${args_no_hyphens}"],
    )
    configs = [load_config(words[3], words[4:]) for words in own_lists(file, tmp_path)]
    assert [config.wandb.project for config in configs] == texts * 2
    preset = POSE_PRESETS["default"].jitter
    assert [config.data.poses.jitter for config in configs] == [preset] * len(texts) + [0.1] * len(texts)
