"""The meaning of W&B's `distribution`s: Optuna's that a number is drawn from, and the value made of the number.

The rules are those by which W&B's server draws. A distribution that Optuna lacks is drawn as a percentile.
"""

import math
import reprlib
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution

from mghp.errors import InputError

_LARGEST = 2.0**62
"""The largest bound, and number of steps, that Optuna stores."""
_LARGEST_LOG = 700
_FARTHEST = 9
"""Standard deviations that no percentile reaches."""

PERCENTILE = FloatDistribution(2.0**-53, 1 - 2.0**-53)
"""Neither end, where a normal distribution has no number."""

_BOUNDED = ("uniform", "int_uniform", "log_uniform", "log_uniform_values", "inv_log_uniform", "inv_log_uniform_values")
_SHAPES: dict[str, dict[str, float]] = {
    "normal": {"mu": 0.0, "sigma": 1.0},
    "log_normal": {"mu": 0.0, "sigma": 1.0},
    "beta": {"a": 1.0, "b": 1.0},
}
"""The numbers that say a distribution's shape, with W&B's defaults."""
_QUANTISED = ("uniform", "log_uniform", "log_uniform_values", *_SHAPES)
KINDS = (*_BOUNDED, *_SHAPES, *(f"q_{kind}" for kind in _QUANTISED))


@dataclass(frozen=True)
class Steps(Sequence[float]):
    """The values of `q_uniform` in a grid: from `low` by `q`, without `high`, as W&B's own grid has them."""

    low: float
    high: float
    q: float

    def __len__(self) -> int:
        return max(1, math.ceil((self.high - self.low) / self.q))

    def __getitem__(self, index: Any) -> Any:  # noqa: ANN401 (an index alone is asked for)
        if not 0 <= index < len(self):
            raise IndexError(index)
        # As NumPy's arange has it.
        value = self.low + index * (self.low + self.q - self.low)
        return int(value) if isinstance(self.q, int) and float(value).is_integer() else value


@dataclass(frozen=True)
class Drawn:
    """A way to draw a value.

    Attributes:
        distribution: of the number.
        made: value of a number; None where it is the number itself.
        steps: values in a grid, where they are others than the distribution's.
    """

    distribution: BaseDistribution
    made: Callable[[float], Any] | None = None
    steps: Steps | None = None


def drawn_by(form: Mapping[str, Any], where: str) -> Drawn:
    """Return the way to draw the values of a parameter's form that has neither `value` nor `values`.

    Raises:
        InputError: one line that opens with `where`, or a key of it, and says what was expected.
    """
    kind = form.get("distribution") or _inferred(form, where)
    if kind not in KINDS:
        raise InputError(f"{where}.distribution: {kind!r} is not supported; expected {', '.join(KINDS)}")
    bare = kind.removeprefix("q_")
    known = {"min", "max"} if bare in _BOUNDED else set(_SHAPES[bare])
    if "q" in form and bare == kind:
        raise InputError(f"{where}: q goes with q_uniform and its like alone, got distribution {kind!r}")
    surplus = sorted(set(form) - known - {"distribution", "q"})
    if surplus:
        raise InputError(f"{where}: {surplus[0]} does not go with distribution {kind!r}")
    drawn = _bounded(bare, form, where) if bare in _BOUNDED else _shaped(bare, form, where)
    return drawn if bare == kind else _quantised(drawn, kind, form, where)


def chosen_by(values: Sequence[Any], probabilities: object, where: str) -> Drawn:
    """Return the way to draw one of the values, each with its probability.

    Raises:
        InputError: if the probabilities are not one a value, and 1 together.
    """
    numbers = probabilities if isinstance(probabilities, list) else []
    if len(numbers) != len(values) or not all(_is_number(number) and number >= 0 for number in numbers):
        raise InputError(f"{where}.probabilities: expected a number from 0 up for each of {len(values)} values")
    if not math.isclose(sum(numbers), 1, rel_tol=1e-5):
        raise InputError(f"{where}.probabilities: expected 1 together, got {sum(numbers)}")
    upper = list(accumulate(numbers))
    # What rounding leaves beyond the last belongs to the last that can be drawn.
    last = max(index for index, number in enumerate(numbers) if number)
    return Drawn(PERCENTILE, lambda percentile: values[min(bisect_right(upper, percentile), last)])


def _inferred(form: Mapping[str, Any], where: str) -> str:
    low, high = _number(form, "min", where), _number(form, "max", where)
    return "int_uniform" if isinstance(low, int) and isinstance(high, int) else "uniform"


def _bounded(kind: str, form: Mapping[str, Any], where: str) -> Drawn:
    low, high = _number(form, "min", where), _number(form, "max", where)
    if low > high:
        raise InputError(f"{where}: min {low} lies above max {high}")
    if kind == "int_uniform":
        if not (isinstance(low, int) and isinstance(high, int)):
            raise InputError(f"{where}: int_uniform needs whole numbers, got {low} and {high}")
        return Drawn(IntDistribution(low, high))
    if kind == "uniform":
        return Drawn(FloatDistribution(low, high))
    if kind.endswith("_values"):  # the inverse of a number whose logarithm is uniform is such a number itself
        if low <= 0:
            raise InputError(f"{where}.min: {kind} needs a positive number, got {low}")
        return Drawn(FloatDistribution(low, high, log=True))
    if not -_LARGEST_LOG < low <= high < _LARGEST_LOG:
        raise InputError(f"{where}: {kind} takes exponents of e from -700 to 700, got {low} and {high}")
    low, high = (-high, -low) if kind == "inv_log_uniform" else (low, high)
    return Drawn(FloatDistribution(math.exp(low), math.exp(high), log=True))


def _shaped(kind: str, form: Mapping[str, Any], where: str) -> Drawn:
    shape = {key: _number({key: form.get(key, default)}, key, where) for key, default in _SHAPES[kind].items()}
    for key in set(shape) - {"mu"}:
        if shape[key] <= 0:
            raise InputError(f"{where}.{key}: expected a positive number, got {shape[key]}")
    if kind == "beta":
        return Drawn(PERCENTILE, partial(_beta, **shape))
    if kind == "normal":
        return Drawn(PERCENTILE, partial(_normal, **shape))
    if abs(shape["mu"]) + _FARTHEST * shape["sigma"] > _LARGEST_LOG:
        raise InputError(f"{where}: log_normal takes exponents of e from -700 to 700, got {shape}")
    return Drawn(PERCENTILE, partial(_log_normal, **shape))


def _normal(percentile: float, mu: float, sigma: float) -> float:
    from scipy.special import ndtri

    return float(mu + sigma * ndtri(percentile))


def _log_normal(percentile: float, mu: float, sigma: float) -> float:
    return math.exp(_normal(percentile, mu, sigma))


def _beta(percentile: float, a: float, b: float) -> float:
    from scipy.special import betaincinv

    return float(betaincinv(a, b, percentile))


def _quantised(drawn: Drawn, kind: str, form: Mapping[str, Any], where: str) -> Drawn:
    q = form.get("q", 1)
    distribution = drawn.distribution
    assert isinstance(distribution, FloatDistribution)
    ends = [_made(drawn.made, end) for end in (distribution.low, distribution.high)]
    if not _is_number(q) or not 0 < q < _LARGEST or max(map(abs, ends)) / q > _LARGEST:
        raise InputError(f"{where}.q: expected a positive number that values can be multiples of, got {q!r}")
    q = int(q) if float(q).is_integer() else q  # as q: 2.0 reaches trials by W&B's server
    steps = Steps(form["min"], form["max"], q) if kind == "q_uniform" else None
    return Drawn(distribution, partial(_multiple, made=drawn.made, q=q), steps)


def _multiple(number: float, made: Callable[[float], Any] | None, q: float) -> float:
    """Return the nearest multiple of q, the even one of two; a whole number where q is one."""
    return round(_made(made, number) / q) * q


def _made(made: Callable[[float], Any] | None, number: float) -> float:
    return number if made is None else float(made(number))


def _number(form: Mapping[str, Any], key: str, where: str) -> float:
    if key not in form:
        raise InputError(f"{where}: expected value, values, or min and max, or a distribution; got {dict(form)!r}")
    number: float = form[key]
    if not _is_number(number) or not abs(number) < _LARGEST:
        hint = " (YAML, as W&B reads it, takes 1e-3 for text: write 1.0e-3)" if isinstance(number, str) else ""
        raise InputError(f"{where}.{key}: expected a finite number, got {reprlib.repr(number)}{hint}")
    return number


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
