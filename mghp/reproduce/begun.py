"""The run that a training begins from, where an experiment names one by its folder of runs."""

from dataclasses import replace
from pathlib import Path

from mghp.config.schema import Config

USUAL_RUNS = Config().runs
"""The folder of runs in which sweeps name the runs that others begin from."""


def begun_from(config: Config) -> Path | None:
    """Return the folder or checkpoint, among runs, that a training begins from; None where it begins anew."""
    begins = config.network.weights or config.training.continue_from
    is_run = begins is not None and any(Path(begins).is_relative_to(runs) for runs in (USUAL_RUNS, config.runs))
    return Path(begins) if begins is not None and is_run else None


def beginning_in_its_own_runs(config: Config) -> Config:
    """Return the config with what it begins from in its own folder of runs, where a fresh reproduction trains it."""
    begins = begun_from(config)
    if begins is None or not begins.is_relative_to(USUAL_RUNS):
        return config
    own = str(Path(config.runs) / begins.relative_to(USUAL_RUNS))
    if config.network.weights:
        return replace(config, network=replace(config.network, weights=own))
    return replace(config, training=replace(config.training, continue_from=own))
