"""A W&B sweep file, read as W&B reads it, and checked before anything is started."""

import hashlib
import json
import reprlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from mghp.config.check import nearest
from mghp.config.packaged import own_or_packaged
from mghp.config.yaml_text import PlainLoader, read_plain, read_text
from mghp.errors import InputError
from mghp.sweep.parameters import MOST_TRIALS, Parameter, check_grid, choice, read_parameters

METHODS = ("grid", "random", "bayes")

_COMMAND = ["${env}", "${interpreter}", "${program}", "${args}"]
"""W&B's own, where a file has none."""

_KNOWN = (
    "name", "description", "project", "entity", "program", "method", "metric", "parameters", "command", "run_cap",
    "early_terminate",
)  # fmt: skip


@dataclass(frozen=True)
class Hyperband:
    """Early stopping by successive halving: at iteration `first`, `first * eta`, ... the best 1 in `eta` go on."""

    first: int
    eta: int


@dataclass(frozen=True)
class SweepFile:
    """A sweep file, as it was read.

    Attributes:
        path: the file.
        name: of the sweep.
        method: how trials are chosen.
        metric: name of the number that trials are ranked by; empty where they are not ranked.
        goal: which way it is better.
        parameters: what trials set.
        run_cap: most trials of the whole sweep; None for no limit.
        early_terminate: when to stop bad trials; None for never.
        command: with W&B's macros.
        program: what `${program}` stands for; None where the command does without.
        identity: hex digest of all that makes a trial, so that an edited file is another sweep.
    """

    path: Path
    name: str
    method: Literal["grid", "random", "bayes"]
    metric: str
    goal: Literal["minimize", "maximize"]
    parameters: tuple[Parameter, ...]
    run_cap: int | None
    early_terminate: Hyperband | None
    command: tuple[str, ...]
    program: str | None
    identity: str

    @property
    def varied(self) -> list[Parameter]:
        """The parameters in which trials differ."""
        return [parameter for parameter in self.parameters if not parameter.is_constant]


def read_sweep(path: Path) -> SweepFile:
    """Read and check a sweep file, or the packaged one of that name where there is none.

    Raises:
        InputError: one line that names the file, the key and what was expected.
    """
    # YAML as W&B reads it, not as our own files: there 1e-3 is text, and argument lists must be those of `wandb agent`.
    content = read_plain(read_text(own_or_packaged(path, "sweep file")), PlainLoader, str(path))
    try:
        return _checked(path, _as_uploaded(content))
    except InputError as error:
        raise InputError(f"{path}: {error!s:.500}") from None


def numbered_trials(name: str, number: int) -> SweepFile:
    """Return a grid of trials that are known by their numbers, `trial=0`, `trial=1` and so on, and not ranked."""
    numbers, words = (choice(("trial",), range(number)),), ("${args_no_hyphens}",)
    return SweepFile(Path(name), name, "grid", "", "minimize", numbers, None, None, words, None, identity="")


def _as_uploaded(content: object) -> object:
    """Return what the server gets: `wandb sweep` sorts all keys, and trials take their arguments in that order."""
    try:
        return json.loads(json.dumps(content, sort_keys=True))
    except (TypeError, ValueError, RecursionError) as error:
        raise InputError(f"not what `wandb sweep` could send: {error}") from None


def _checked(path: Path, content: object) -> SweepFile:
    if not isinstance(content, dict):
        raise InputError(f"expected a mapping with method, metric and parameters, got {type(content).__name__}")
    for key in content:
        if key not in _KNOWN:
            raise InputError(f"unknown key {key!r}{nearest(str(key), _KNOWN)}")
    method = content.get("method")
    if method not in METHODS:
        raise InputError(f"method: expected {', '.join(METHODS)}; got {method!r}")
    metric, goal = _metric(content.get("metric"))
    parameters = read_parameters(content.get("parameters"))
    if method == "grid":
        check_grid(parameters)
    command, program = content.get("command") or _COMMAND, content.get("program")
    if not isinstance(command, list) or not all(isinstance(part, str | int | float) for part in command):
        raise InputError(f"command: expected a list of words, got {command!r}")
    if "${program}" in command and program is None:
        raise InputError("program: expected the script that ${program} stands for, or a command without it")
    early = content.get("early_terminate")
    decides = [method, content.get("metric"), content["parameters"], command, program, early]
    if any(parameter.steps is not None for parameter in parameters):
        decides.append("multiples of q")  # a sweep begun when values were counted from min is another one
    return SweepFile(
        path=path,
        name=str(content.get("name") or path.stem),
        method=method,
        metric=metric,
        goal=goal,
        parameters=tuple(one.in_a_grid() if method == "grid" else one for one in parameters),
        run_cap=_whole(content, "run_cap", None, most=MOST_TRIALS),
        early_terminate=None if early is None else _hyperband(early),
        command=tuple(map(str, command)),
        program=None if program is None else str(program),
        identity=hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:8],
    )


def _metric(block: object) -> tuple[str, Literal["minimize", "maximize"]]:
    if not isinstance(block, dict) or not isinstance(block.get("name"), str):
        raise InputError(f"metric: expected a name and a goal, e.g. {{name: val/loss, goal: minimize}}; got {block!r}")
    goal = block.get("goal", "minimize")
    if goal not in ("minimize", "maximize"):
        raise InputError(f"metric.goal: expected minimize or maximize, got {goal!r}")
    unknown = set(block) - {"name", "goal", "target"}
    if unknown:
        raise InputError(f"metric: unknown key {min(unknown)!r}; expected name and goal")
    if "target" in block:
        raise InputError("metric.target is not supported; run_cap or --max-runs end a sweep early")
    return block["name"], goal


def _hyperband(block: object) -> Hyperband:
    if not isinstance(block, dict) or block.get("type") != "hyperband":
        raise InputError(f"early_terminate: expected type hyperband with min_iter, or max_iter and s; got {block!r}")
    unknown = set(block) - {"type", "min_iter", "max_iter", "s", "eta"}
    if unknown:
        raise InputError(f"early_terminate.{min(unknown)} is not supported; expected min_iter, max_iter, s and eta")
    eta = _whole(block, "eta", 3, least=2, within="early_terminate.")
    first = _whole(block, "min_iter", None, within="early_terminate.")
    longest = _whole(block, "max_iter", None, within="early_terminate.")
    assert eta is not None
    if (first is None) == (longest is None):
        raise InputError("early_terminate: expected either min_iter, or max_iter and s")
    if first is None:
        halvings = _whole(block, "s", None, within="early_terminate.")
        if halvings is None:
            raise InputError("early_terminate.s: expected how often trials are halved before max_iter")
        assert longest is not None
        # More halvings than the longest has bits leave one iteration, as all of them do.
        first = max(1, longest // eta ** min(halvings, longest.bit_length()))
    return Hyperband(first, eta)


def _whole(
    block: dict[str, Any], key: str, default: int | None, least: int = 1, most: int = 2**63 - 1, within: str = ""
) -> int | None:
    value = block.get(key, default)
    if value is None or (isinstance(value, int) and not isinstance(value, bool) and least <= value <= most):
        return value
    raise InputError(f"{within}{key}: expected a whole number from {least} up to {most}, got {reprlib.repr(value)}")
