"""A solver and a loss that somebody adds, in the package itself or in one of their own, are there everywhere."""

import json
import os
import shutil
import subprocess
import sys

import pytest

OPTIONS = '''

@solver("mine", "{module}:Mine", label="my solver", colour="#123456")
@dataclass
class MineConfig(SolverConfig):
    """A share of the affinity."""

    strength: Annotated[float, POSITIVE] = 1.0
    """Divisor of the affinity."""
'''
MATCHER = '''"""A share of the affinity."""

from mghp.matching.matcher import Matcher
from {options} import MineConfig


class Mine(Matcher):
    """Divides the affinity."""

    differentiable = True

    def __init__(self, strength=1.0):
        super().__init__(MineConfig(strength))

    def solve(self, affinity, source_mask, destination_mask):
        return affinity / self.config.strength
'''
LOSS = '''

def my_loss(assignment, truth, is_pair):
    """Return the squared error of all pairs together."""
    return ((assignment - truth.float()) * is_pair).square().sum()
'''
LOSS_ENTRY = '\nMATCHING_LOSSES.add(MatchingLoss("my_loss", "{module}:my_loss", "my loss"))\n'
IMPORTS = """from dataclasses import dataclass
from typing import Annotated

from mghp.matching.choices import MATCHING_LOSSES, MatchingLoss
from mghp.matching.solvers import SolverConfig, solver
from mghp.ranges import POSITIVE
"""
ENTRY_POINTS = """[mghp.solvers]
mine = my_package.options

[mghp.matching_losses]
my_loss = my_package.options
"""

PROGRAM = """
import json, sys
from contextlib import suppress
from pathlib import Path

from mghp.config.identity import config_key
from mghp.config.load import load_config_text, to_yaml
from mghp.errors import InputError

assert "torch" not in sys.modules

def error_of(*overrides):
    try:
        load_config_text("{}", overrides)
    except InputError as error:
        return str(error)

mine = load_config_text("{}", ["matcher.name=mine", "matcher.mine.strength=2"])
others = load_config_text("{}", ["matcher.name=greedy"])
told = {
    "options": mine.matcher.options(), "key": config_key(mine, ""), "others_key": config_key(others, ""),
    "yaml": to_yaml(mine), "others_yaml": to_yaml(others),
    "wrong_name": error_of("matcher.name=mien"), "wrong_loss": error_of("losses.matching=mine"),
    "wrong_value": error_of("matcher.mine.strength=0"),
}

from mghp.cli.main import main
from mghp.matching.in_words import colour_of
from mghp.runs.read import find_runs

experiments, runs = Path(sys.argv[1]), Path("runs")

def command(*arguments):
    sys.argv = ["mghp", *map(str, arguments)]
    with suppress(SystemExit):
        main()

command("match", experiments / "solvers.yaml", "matcher.name=mine", "matcher.mine.strength=2", "wandb.mode=disabled",
        "data.generated_poses.num_images=6", "match.timing_repeats=0", "match.trace_problems=0")
command("report", runs, "--out", "report")
command("train", experiments / "learned.yaml", "matcher.name=mine", "losses.matching=my_loss", "wandb.mode=disabled",
        "learned.steps=1", "learned.learning_rates=[0.01]", "learned.scales=[1.0]",
        "data.generated_poses.num_images=30")
(trained,) = find_runs([runs / "learned"])
told |= {"M1": Path("report", "M1.md").read_text(), "colour": colour_of("my solver, strength = 2"),
         "loss": float(trained.steps["train/loss"][0])}
Path("told.json").write_text(json.dumps(told))
"""


def append(file, text):
    file.write_text((file.read_text() if file.exists() else "") + text)


def plant_in_the_package(folder, checkout):
    """Add both to a copy of mghp; returns the files that were touched for the solver and for the loss."""
    shutil.copytree(checkout / "mghp", folder / "mghp", ignore=shutil.ignore_patterns("__pycache__"))
    before = contents(folder)
    matching = folder / "mghp" / "matching"
    append(matching / "solvers.py", OPTIONS.format(module="mghp.matching.mine"))
    append(matching / "mine.py", MATCHER.format(options="mghp.matching.solvers"))
    solver = changed(before, contents(folder))
    before = contents(folder)
    append(matching / "losses.py", LOSS)
    choices = matching / "choices.py"
    entry = LOSS_ENTRY.format(module="mghp.matching.losses")
    choices.write_text(choices.read_text().replace("\nAFFINITY_LOSSES.add(", f"{entry}\nAFFINITY_LOSSES.add(", 1))
    return solver, changed(before, contents(folder))


def plant_a_package(folder, checkout):
    """Install a package with both beside mghp, of which no file is touched."""
    package, info = folder / "my_package", folder / "my_package-1.0.dist-info"
    package.mkdir()
    info.mkdir()
    append(package / "__init__.py", "")
    append(package / "options.py", IMPORTS + OPTIONS.format(module="my_package.solving"))
    append(package / "options.py", LOSS_ENTRY.format(module="my_package.solving"))
    append(package / "solving.py", MATCHER.format(options="my_package.options") + LOSS)
    append(info / "METADATA", "Metadata-Version: 2.1\nName: my-package\nVersion: 1.0\n")
    append(info / "entry_points.txt", ENTRY_POINTS)
    (folder / "mghp").symlink_to(checkout / "mghp")
    return [], []


def contents(folder):
    return {file.relative_to(folder / "mghp").as_posix(): file.read_bytes() for file in folder.rglob("*.py")}


def changed(before, after):
    return sorted(name for name in after if before.get(name) != after[name])


@pytest.fixture(scope="module", params=[plant_in_the_package, plant_a_package])
def planted(request, tmp_path_factory, checkout):
    """Return what a Python of its own tells, and which files of mghp were touched."""
    folder = tmp_path_factory.mktemp(request.param.__name__)
    touched = request.param(folder, checkout)
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(checkout / "experiments" / "matcher")],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
    )
    assert process.returncode == 0, process.stderr
    return json.loads((folder / "told.json").read_text()), touched


@pytest.mark.parametrize("planted", [plant_in_the_package], indirect=True)
def test_each_takes_two_files(planted):
    assert planted[1] == (["matching/mine.py", "matching/solvers.py"], ["matching/choices.py", "matching/losses.py"])


def test_configs_know_its_name_and_options(planted):
    told, _ = planted
    assert told["options"] == {"strength": 2.0}
    assert "  mine:\n    strength: 2.0\n" in told["yaml"]
    assert "Invalid value 'mien', expected one of ['pgd_dykstra'" in told["wrong_name"]
    assert "'perturbed', 'mine']" in told["wrong_name"]
    assert told["wrong_value"] == "matcher.mine.strength must be positive and finite, got 0.0"


def test_runs_of_other_solvers_keep_their_keys(planted):
    from mghp.config.identity import config_key
    from mghp.config.load import load_config_text

    told, _ = planted
    assert told["others_key"] == config_key(load_config_text("{}", ["matcher.name=greedy"]), "")
    assert told["key"] != told["others_key"]


def test_it_runs_and_its_words_and_colour_are_those_it_states(planted):
    told, _ = planted
    assert "| my solver, strength = 2 |" in told["M1"]
    assert told["colour"] == "#123456"


def test_a_loss_is_trained_by(planted):
    told, _ = planted
    assert "'structured_hinge', 'my_loss']" in told["wrong_loss"]
    assert told["loss"] > 0


def test_a_config_is_read_where_an_unused_package_is_not_installed(tmp_path, checkout):
    from mghp.config.load import load_config_text

    plant_a_package(tmp_path, checkout)
    program = "from mghp.config.load import *; print(to_yaml(load_config_text('{}', ['matcher.name=greedy'])))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    written = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment)
    assert "mine" not in written.stdout
    assert load_config_text(written.stdout).matcher.name == "greedy"
