"""The matcher alone: the README's line, without network, where nothing is installed but what the line names."""

import json
import re

import pytest
from installed_package import copied_source, linked_python, pip, run, with_requirements

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


@pytest.fixture(scope="module")
def python_with_the_matcher_alone(checkout, tmp_path_factory):
    """A Python in which the README's line was typed; pip of outside installs from a copy of the checkout."""
    names, option = LINE.search((checkout / "README.md").read_text()).groups()
    folder = tmp_path_factory.mktemp("alone")
    python = linked_python(folder / "environment", with_requirements(names.split()).values())
    (folder / "source").mkdir()
    source = copied_source(checkout, folder / "source")
    pip("--python", python, "install", option, "--no-build-isolation", "--no-compile", source)
    return python


def test_the_line_of_the_readme_is_enough_to_train(python_with_the_matcher_alone):
    python = python_with_the_matcher_alone
    # The loops as plain Python: compiling them needs no further package, but takes longest.
    said = json.loads(run(python, "-I", "-c", TRAINING_STEP, *OTHERS, NUMBA_DISABLE_JIT="1"))
    assert said["file"].startswith(str(python.parents[1]))
    assert said["others"] == []
    assert said["is learnt"]
    assert said["gap"] == pytest.approx([0, 0])
