"""A sweep file's `parameters`, as search space: what W&B's forms mean, in Optuna's distributions.

Values are referred to by their positions in `values`: Optuna compares choices by ==, where 1, 1.0 and True are one.
"""

import math
import reprlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution

from mghp.errors import InputError

Point = dict[str, Any]
"""Optuna's values by parameter name: a position in `values`, or a number."""

_FORMS = "value, values, or min and max with uniform, int_uniform, q_uniform, log_uniform or log_uniform_values"
_LARGEST = 2.0**62
"""Of bounds and of numbers of steps: what Optuna stores."""
_LARGEST_LOG = 700
_KEYS = {"value", "values", "min", "max", "distribution", "q", "parameters"}


@dataclass(frozen=True)
class Parameter:
    """One parameter that a trial sets.

    Attributes:
        path: names from the outermost in; one name where nothing is nested.
        distribution: where Optuna draws from.
        values: what a drawn position stands for; None where the drawn number itself is meant.
    """

    path: tuple[str, ...]
    distribution: BaseDistribution
    values: tuple[Any, ...] | None

    @property
    def name(self) -> str:
        """The path as one name."""
        return ".".join(self.path)

    @property
    def is_constant(self) -> bool:
        """Whether all trials have the same value."""
        return self.distribution.single()

    def value(self, drawn: Any) -> Any:  # noqa: ANN401 (whatever the file holds)
        """What the trial is given for what Optuna has drawn."""
        return drawn if self.values is None else self.values[drawn]

    def num_drawn(self) -> int:
        """How many values can be drawn, for a grid.

        Raises:
            InputError: if there is no end of them.
        """
        if self.values is not None:
            return len(self.values)
        distribution = self.distribution
        if isinstance(distribution, IntDistribution):
            return distribution.high - distribution.low + 1
        assert isinstance(distribution, FloatDistribution)
        if distribution.step is None:
            raise InputError(
                f"parameters.{self.name}: a grid has no end over a range of numbers; expected values, or q"
            )
        return math.floor((distribution.high - distribution.low) / distribution.step + 1e-9) + 1

    def all_drawn(self) -> list[Any]:
        """All that can be drawn, for a grid.

        Raises:
            InputError: if there is no end of it.
        """
        number, distribution = self.num_drawn(), self.distribution
        if self.values is not None:
            return list(range(number))
        if isinstance(distribution, IntDistribution):
            return list(range(distribution.low, distribution.high + 1))
        assert isinstance(distribution, FloatDistribution)
        assert distribution.step is not None
        return [distribution.low + index * distribution.step for index in range(number)]


def read_parameters(block: object, within: tuple[str, ...] = ()) -> list[Parameter]:
    """The parameters of a (possibly nested) block, in the block's order.

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
"""Of a grid or a run_cap; there are sweeps of some hundred."""


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
    """All combinations, the first parameter changing slowest, as W&B goes through them.

    Raises:
        InputError: if a parameter has no end of values.
    """
    names = [parameter.name for parameter in parameters]
    return [
        dict(zip(names, drawn, strict=True)) for drawn in product(*(parameter.all_drawn() for parameter in parameters))
    ]


def trial_values(parameters: Sequence[Parameter], point: Mapping[str, Any]) -> dict[str, Any]:
    """The values by outermost name; of nested parameters a mapping, as W&B hands them out."""
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
        return _chosen(path, values, distribution in (None, "categorical"), form, where)
    if "value" in form:
        return _chosen(path, [form["value"]], distribution in (None, "constant"), form, where)
    low, high = _bound(form, "min", where), _bound(form, "max", where)
    return Parameter(path, _range(low, high, form, where), None)


def _chosen(path: tuple[str, ...], values: list[Any], fits: bool, form: Mapping[str, Any], where: str) -> Parameter:
    surplus = {"min", "max", "q", "value", "values"} & set(form) - ({"values"} if "values" in form else {"value"})
    if surplus or not fits:
        what = f"distribution {form['distribution']!r}" if not fits else min(surplus)
        raise InputError(f"{where}: {what} does not go with {'values' if 'values' in form else 'value'}")
    return Parameter(path, CategoricalDistribution(tuple(range(len(values)))), tuple(values))


def _bound(form: Mapping[str, Any], key: str, where: str) -> float:
    if key not in form:
        raise InputError(f"{where}: expected {_FORMS}; got {dict(form)!r}")
    bound = form[key]
    if isinstance(bound, bool) or not isinstance(bound, int | float) or not abs(bound) < _LARGEST:
        text = isinstance(bound, str)
        hint = " (YAML, as W&B reads it, takes 1e-3 for text: write 1.0e-3)" if text else ""
        raise InputError(f"{where}.{key}: expected a finite number, got {reprlib.repr(bound)}{hint}")
    return bound


def _range(low: float, high: float, form: Mapping[str, Any], where: str) -> BaseDistribution:
    are_whole = isinstance(low, int) and isinstance(high, int)
    kind = form.get("distribution", "int_uniform" if are_whole else "uniform")
    if low > high:
        raise InputError(f"{where}: min {low} lies above max {high}")
    if "q" in form and kind != "q_uniform":
        raise InputError(f"{where}: q goes with q_uniform only, got distribution {kind!r}")
    if kind == "int_uniform":
        if not are_whole:
            raise InputError(f"{where}: int_uniform needs whole numbers, got {low} and {high}")
        return IntDistribution(int(low), int(high))
    if kind == "uniform":
        return FloatDistribution(low, high)
    if kind == "q_uniform":
        step = form.get("q", 1)
        is_number = isinstance(step, int | float) and not isinstance(step, bool)
        if not is_number or not 0 < step <= max(high - low, 0) or (high - low) / step > _LARGEST:
            raise InputError(f"{where}.q: expected a positive number within max - min, got {step!r}")
        return FloatDistribution(low, low + step * math.floor((high - low) / step + 1e-9), step=step)
    if kind == "log_uniform":
        if not -_LARGEST_LOG < low <= high < _LARGEST_LOG:
            raise InputError(f"{where}: log_uniform takes exponents of e from -700 to 700, got {low} and {high}")
        return FloatDistribution(math.exp(low), math.exp(high), log=True)
    if kind == "log_uniform_values":
        if low <= 0:
            raise InputError(f"{where}.min: log_uniform_values needs a positive number, got {low}")
        return FloatDistribution(low, high, log=True)
    raise InputError(f"{where}.distribution: {kind!r} is not supported; expected {_FORMS}")
