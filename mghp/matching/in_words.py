"""A solver with its settings in words: the one wording of tables, figures and pages."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, get_type_hints

from mghp.matching.solvers import SOLVERS, SolverConfig, Words
from mghp.registry import GREY

_NOTHING: Mapping[str, Any] = {}


def in_words(name: str, settings: Mapping[str, Any] = _NOTHING) -> str:
    """Return a solver's label and what is other than its defaults: "PGD-Dykstra, alpha = 1, last iterate".

    Args:
        name: a solver. One that is not registered, of a package that is not installed, goes by its name.
        settings: some or all of its options; the others are at their defaults.
    """
    if name not in SOLVERS:
        return name.replace("_", " ")
    solver = SOLVERS[name]
    said = list(_said(solver.options, settings)) or [solver.defaults]
    return solver.label + "".join(_joined(words) for words in said if words)


def colour_of(words: str) -> str:
    """Return the colour of the solver whose label opens some words; grey where there is none."""
    fitting = [solver for solver in SOLVERS.entries if words.startswith(solver.label)]
    return max(fitting, key=lambda solver: len(solver.label)).colour if fitting else GREY


def _joined(words: str) -> str:
    return f" {words}" if words.startswith("of ") else f", {words}"


def _said(options: type[SolverConfig], settings: Mapping[str, Any]) -> Iterator[str]:
    """Yield the words of every option that is other than its default, or always said."""
    hints = get_type_hints(options, include_extras=True)
    for field in dataclasses.fields(options):
        value = settings.get(field.name, field.default)
        words = next((part for part in getattr(hints[field.name], "__metadata__", ()) if isinstance(part, Words)), None)
        if value != field.default or (words is not None and words.always):
            yield _phrase(field.name.replace("_", " "), value, words)


def _phrase(option: str, value: object, words: Words | None) -> str:
    shown = f"{value:g}" if isinstance(value, float) else str(value).replace("_", " ")
    if words is not None:
        return words.values.get(shown, words.text.format(shown))
    if isinstance(value, bool):
        return option if value else f"no {option}"
    return f"{option} = {shown}"
