"""Which run a config and its data make: sixteen hex digits, the run's key."""

import dataclasses
import functools
import hashlib
import json
from typing import Any

from mghp.config.schema import Config, state_amounts

SCHEMA_VERSION = 2
"""Raised when the meaning or the default of a key changes, so that results of the old meaning are not adopted."""

_SCHEMAS = {"learned": 3}
"""Of experiments that only their own keys or scores have changed for since."""

_SOLVERS = {"perturbed": 2}
"""Versions of matchers that compute otherwise than they did; the first where there is none."""


def config_key(config: Config, data_fingerprint: str) -> str:
    """Sixteen hex digits for a run: its whole resolved config, its data, the schema's version and its matchers'.

    Values at their defaults stay out, so that a key that is new in the schema makes no other runs of those that do
    without it.
    """
    identity = [
        schema_version(config.experiment),
        data_fingerprint,
        _differences(computed_settings(config), _defaults()),
    ]
    matchers = {config.matcher.name, *config.evaluation.matchers}
    versions = {name: version for name, version in _SOLVERS.items() if name in matchers}
    if versions:  # so that the runs of all others keep their keys
        identity.append(versions)
    text = json.dumps(identity, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def computed_settings(config: Config) -> dict[str, Any]:
    """All that decides what a run computes, as nested mappings.

    Where a run is written and logged, and where its data lie, does not, so `runs`, `wandb`, `data.root` and
    `data.annotations` are left out: the data's fingerprint is of what lies there.
    """
    resolved = dataclasses.asdict(config)
    del resolved["runs"], resolved["wandb"], resolved["data"]["root"], resolved["data"]["annotations"]
    return resolved


def schema_version(experiment: str) -> int:
    """Of an experiment's results."""
    return max(SCHEMA_VERSION, _SCHEMAS.get(experiment, 0))


@functools.cache
def _defaults() -> dict[str, Any]:
    """Of every key; as a resolved config, which states its poses' amounts."""
    config = Config()
    state_amounts(config)
    return dataclasses.asdict(config)


def _differences(values: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    """What is not at its default; an open section counts whole."""
    different: dict[str, Any] = {}
    for key, value in values.items():
        default = defaults.get(key)
        if isinstance(value, dict) and isinstance(default, dict) and default:
            inner = _differences(value, default)
            if inner:
                different[key] = inner
        elif value != default:
            different[key] = value
    return different
