"""A sweep file's `parameters` as search space: the meaning of W&B's forms, in Optuna's distributions.

Values are referred to by their positions in `values`: Optuna compares choices by ==, where 1, 1.0 and True are one.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from mghp.errors import InputError
from mghp.sweep.distributions import Steps, chosen_by, drawn_by

Point = dict[str, Any]
"""Optuna's values by parameter name: a position in `values`, or a number."""

_FORMS = "value, values, or min and max, or a distribution"
_KEYS = {
    "value", "values", "probabilities", "min", "max", "distribution", "q", "mu", "sigma", "a", "b", "parameters",
}  # fmt: skip


@dataclass(frozen=True)
class Parameter:
    """One parameter that a trial sets.

    Attributes:
        path: names from the outermost in; one name where nothing is nested.
        distribution: where Optuna draws from.
        values: what a drawn position stands for; None where a number is drawn.
        made: value of a drawn number that is not whole by nature; None where it is the number itself.
        steps: what a position in a grid stands for, where a search that draws has other values.
    """

    path: tuple[str, ...]
    distribution: BaseDistribution
    values: tuple[Any, ...] | None
    made: Callable[[float], Any] | None = None
    steps: Steps | None = None

    @property
    def name(self) -> str:
        """The names of the path as one."""
        return ".".join(self.path)

    @property
    def is_constant(self) -> bool:
        """True if all trials have the same value."""
        return self.distribution.single()

    def value(self, drawn: Any) -> Any:  # noqa: ANN401 (whatever the file holds)
        """Return the value that the trial is given for what Optuna has drawn."""
        if self.made is not None and isinstance(drawn, float):
            return self.made(drawn)
        positions = self.steps if self.values is None else self.values
        return drawn if positions is None else positions[drawn]

    def num_drawn(self) -> int:
        """Return the number of values in a grid.

        Raises:
            InputError: if there is no end of them, or they have probabilities.
        """
        positions, distribution = self.steps if self.values is None else self.values, self.distribution
        if positions is not None and self.made is not None and self.steps is None:
            raise InputError(f"parameters.{self.name}: a grid takes every value, and no probabilities")
        if positions is not None:
            return len(positions)
        if isinstance(distribution, IntDistribution):
            return distribution.high - distribution.low + 1
        if distribution.single():
            return 1
        raise InputError(
            f"parameters.{self.name}: a grid has no end over a range of numbers; expected values, or q_uniform"
        )

    def all_drawn(self) -> list[Any]:
        """Return all positions, or numbers, that a grid goes through.

        Raises:
            InputError: if there is no end of it.
        """
        number, distribution = self.num_drawn(), self.distribution
        if self.values is None and self.steps is None and isinstance(distribution, IntDistribution | FloatDistribution):
            return [distribution.low + index for index in range(number)]
        return list(range(number))

    def in_a_grid(self) -> "Parameter":
        """Return the parameter with all its values to choose from, as a study of a grid knows it."""
        return self if self.steps is None else choice(self.path, tuple(self.steps))


def read_parameters(block: object, within: tuple[str, ...] = ()) -> list[Parameter]:
    """Return the parameters of a (possibly nested) block, in the block's order.

    Raises:
        InputError: one line that names the parameter and what was expected.
    """
    where = ".".join(("parameters", *within))
    if not isinstance(block, dict) or not block:
        raise InputError(f"{where}: expected a mapping of parameter names, got {block!r}")
    parameters: list[Parameter] = []
    for name, form in block.items():
        path = (*within, str(name))
        where = ".".join(("parameters", *path))
        if not isinstance(form, dict):
            raise InputError(f"{where}: expected {_FORMS}; got {form!r}")
        unknown = sorted(set(map(str, form)) - _KEYS)
        if unknown:
            raise InputError(f"{where}: {unknown[0]} is not supported; expected {_FORMS}")
        if "parameters" in form:
            parameters += read_parameters(form["parameters"], path)
        else:
            parameters.append(_parameter(path, form, where))
    return parameters


MOST_TRIALS = 1_000_000
"""The most trials of a grid or a run_cap; there are sweeps of some hundred."""


def check_grid(parameters: Sequence[Parameter]) -> None:
    """Refuse a grid that nobody could run, before it is written out.

    Raises:
        InputError: if a parameter has no end of values, or the combinations are too many.
    """
    number = 1
    for parameter in parameters:
        number *= parameter.num_drawn()
        if number > MOST_TRIALS:
            raise InputError(f"parameters.{parameter.name}: a grid of more than {MOST_TRIALS} trials")


def grid(parameters: Sequence[Parameter]) -> list[Point]:
    """Return all combinations, the first parameter changing slowest, as W&B goes through them.

    Raises:
        InputError: if a parameter has no end of values.
    """
    names = [parameter.name for parameter in parameters]
    return [
        dict(zip(names, drawn, strict=True)) for drawn in product(*(parameter.all_drawn() for parameter in parameters))
    ]


def trial_values(parameters: Sequence[Parameter], point: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values by outermost name, a mapping for nested parameters, as W&B hands them out."""
    values: dict[str, Any] = {}
    for parameter in parameters:
        level = values
        for name in parameter.path[:-1]:
            level = level.setdefault(name, {})
        level[parameter.path[-1]] = parameter.value(point[parameter.name])
    return values


def _parameter(path: tuple[str, ...], form: Mapping[str, Any], where: str) -> Parameter:
    distribution = form.get("distribution")
    if "values" in form:
        values = form["values"]
        if not isinstance(values, list) or not values:
            raise InputError(f"{where}.values: expected a list of at least one value, got {values!r}")
        kind = "categorical_w_probabilities" if "probabilities" in form else "categorical"
        _check_alone(form, {"values", "probabilities"}, kind, where)
        if "probabilities" not in form:
            return choice(path, tuple(values))
        drawn = chosen_by(values, form["probabilities"], where)
        return Parameter(path, drawn.distribution, tuple(values), drawn.made)
    if "value" in form:
        _check_alone(form, {"value"}, "constant", where)
        return choice(path, (form["value"],))
    if distribution is not None and not isinstance(distribution, str):
        raise InputError(f"{where}.distribution: expected a name, got {distribution!r}")
    drawn = drawn_by(form, where)
    return Parameter(path, drawn.distribution, None, drawn.made, drawn.steps)


def choice(path: tuple[str, ...], values: Sequence[Any]) -> Parameter:
    """Return the parameter that is one of the values, all equally likely."""
    return Parameter(path, CategoricalDistribution(tuple(range(len(values)))), tuple(values))


def _check_alone(form: Mapping[str, Any], own: set[str], kind: str, where: str) -> None:
    surplus = set(form) - own - {"distribution"}
    fits = form.get("distribution") in (None, kind)
    if surplus or not fits:
        what = f"distribution {form['distribution']!r}" if not fits else min(surplus)
        raise InputError(f"{where}: {what} does not go with {' and '.join(sorted(own & set(form), reverse=True))}")
