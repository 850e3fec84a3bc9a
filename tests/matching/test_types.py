"""What a user's type checker is told, by mypy --strict beside torch's own declaration of a module's call."""

import os
import subprocess
import sys

# Of torch no more than what matters here, so that mypy need not read it all.
TORCH = """
from typing import Any
class Tensor: ...
def __getattr__(name: str) -> Any: ...
"""
MODULES = """
from collections.abc import Callable
from typing import Any
class Module:
    __call__: Callable[..., Any]
"""

SNIPPET = """
from torch import Tensor
from mghp.matching import PGDDykstra, make_matcher

def built(affinity: Tensor) -> Tensor:
    return PGDDykstra()(affinity)
def named(affinity: Tensor, mask: Tensor) -> Tensor:
    return make_matcher("greedy")(affinity, destination_mask=mask)
def too_many(affinity: Tensor) -> Tensor:
    return PGDDykstra()(affinity, None, None, None)
def no_tensor() -> Tensor:
    return PGDDykstra()([[1.0]])
"""


def test_an_assignment_is_a_tensor_and_a_wrong_call_is_an_error(tmp_path, checkout):
    (tmp_path / "torch" / "nn").mkdir(parents=True)
    for name, text in (("torch/__init__.pyi", TORCH), ("torch/nn/__init__.pyi", MODULES), ("snippet.py", SNIPPET)):
        (tmp_path / name).write_text(text.lstrip())
    options = (
        "--strict",
        "--no-site-packages",
        "--ignore-missing-imports",
        "--follow-imports=silent",
        "--config-file=",
    )
    process = subprocess.run(
        [sys.executable, "-m", "mypy", *options, f"--cache-dir={os.devnull}", "snippet.py"],
        cwd=tmp_path,
        env={**os.environ, "MYPYPATH": os.pathsep.join(map(str, (tmp_path, checkout)))},
        capture_output=True,
        text=True,
    )
    found = [line.partition(" error: ")[2] for line in process.stdout.splitlines() if line.startswith("snippet.py")]
    assert [error.rpartition("  ")[2] for error in found] == ["[call-arg]", "[arg-type]"], process.stdout
