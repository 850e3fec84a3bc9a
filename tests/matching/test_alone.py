"""The matcher alone: the README's line, without network, where nothing is installed but what the line names."""

import json
import os
import re
import shutil
import subprocess
import sys
import venv
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

LINE = re.compile(r"^    pip install ([a-z ]+) && pip install (--no-deps) \.$", re.MULTILINE)

OTHERS = [
    "cvxpy", "lightning", "matplotlib", "omegaconf", "optuna", "pandas", "PIL", "pycocotools", "pytest", "rich", "timm",
    "torchmetrics", "torchvision", "typer", "wandb",
]  # fmt: skip
"""What the rest of mghp imports, and pytest: the environment of the tests is not there."""

TRAINING_STEP = """
import json, sys
from importlib.util import find_spec

import torch
import mghp.matching
from mghp.matching import Hungarian, PGDDykstra, Projection, UnbalancedSinkhorn, cross_entropy, optimality_gap

affinity = torch.zeros(2, 3, 4, requires_grad=True)
truth = torch.eye(3, 4, dtype=torch.bool).expand(affinity.shape)
differentiable = PGDDykstra(num_steps=5, backend="numba"), Projection(method="newton"), UnbalancedSinkhorn()
for matcher in differentiable:
    cross_entropy(matcher(affinity), truth, torch.ones_like(truth)).backward()
with torch.no_grad():
    affinity -= affinity.grad
print(json.dumps({
    "file": mghp.matching.__file__,
    "gap": optimality_gap(affinity, Hungarian()(affinity)).tolist(),
    "is learnt": bool((affinity[truth].min() > affinity[~truth].max())),
    "others": [name for name in sys.argv[1:] if find_spec(name)],
}))
"""


def with_requirements(names):
    """The distributions of these names and, down to the last, those that they require."""
    found, missing = {}, list(names)
    while missing:
        name = missing.pop()
        if name not in found:
            found[name] = distribution(name)
            needed = map(Requirement, found[name].requires or [])
            missing += [need.name for need in needed if not need.marker or need.marker.evaluate({"extra": ""})]
    return found.values()


def link_into(site_packages, distributions):
    places = {found.locate_file(file.parts[0]) for found in distributions for file in found.files}
    for place in places:
        if place.name not in ("..", "__pycache__"):  # "..": programs and manual pages
            (site_packages / place.name).symlink_to(place)


def run(*command, **environment):
    apart = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
    process = subprocess.run([*map(str, command)], env={**apart, **environment}, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr
    return process.stdout


@pytest.fixture(scope="module")
def python_with_the_matcher_alone(checkout, tmp_path_factory):
    """A Python in which the README's line was typed; pip of outside installs from a copy of the checkout."""
    names, option = LINE.search((checkout / "README.md").read_text()).groups()
    folder = tmp_path_factory.mktemp("alone")
    venv.create(folder / "environment", symlinks=True)
    python = folder / "environment" / "bin" / "python"
    site_packages = run(python, "-I", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip()
    link_into(Path(site_packages), with_requirements(names.split()))
    shutil.copytree(checkout / "mghp", folder / "source" / "mghp", ignore=shutil.ignore_patterns("__pycache__"))
    for file in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(checkout / file, folder / "source")
    offline = ("--no-index", "--no-build-isolation", "--no-compile", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", option, *offline, folder / "source")
    return python


def test_the_line_of_the_readme_is_enough_to_train(python_with_the_matcher_alone):
    python = python_with_the_matcher_alone
    # The loops as plain Python: compiling them needs no further package, but takes longest.
    said = json.loads(run(python, "-I", "-c", TRAINING_STEP, *OTHERS, NUMBA_DISABLE_JIT="1"))
    assert said["file"].startswith(str(python.parents[1]))
    assert said["others"] == []
    assert said["is learnt"]
    assert said["gap"] == pytest.approx([0, 0])
