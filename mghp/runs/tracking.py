"""Weights & Biases, offline unless the environment or the config says otherwise."""

import dataclasses
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from mghp.config.schema import Config
from mghp.runs.folder import RunFolder


class Tracker(Protocol):
    """Where a run's numbers go beside its folder."""

    def log(self, row: Mapping[str, float]) -> None:
        """Log the numbers of a step."""

    def show(self, name: str, image: NDArray[np.uint8]) -> None:
        """Log a picture (height, width, 3)."""

    def tabulate(self, name: str, table: pd.DataFrame) -> None:
        """Log a table."""

    def summarise(self, metrics: Mapping[str, float]) -> None:
        """Log the final metrics, under the names that sweeps optimise."""


class NoTracker:
    """A tracker that tracks nothing."""

    def log(self, row: Mapping[str, float]) -> None:
        """Do nothing."""

    def show(self, name: str, image: NDArray[np.uint8]) -> None:
        """Do nothing."""

    def tabulate(self, name: str, table: pd.DataFrame) -> None:
        """Do nothing."""

    def summarise(self, metrics: Mapping[str, float]) -> None:
        """Do nothing."""


class WandbTracker:
    """A tracker that logs to an open W&B run.

    Attributes:
        run: W&B's own, for loggers that need it.
    """

    def __init__(self, run: Any) -> None:  # noqa: ANN401 (wandb is imported only where it is used)
        self.run = run

    def log(self, row: Mapping[str, float]) -> None:
        """Log the numbers of a step."""
        self.run.log(dict(row))

    def show(self, name: str, image: NDArray[np.uint8]) -> None:
        """Log a picture as uint8: W&B would show floats in [0, 1] as black."""
        import wandb

        self.run.log({name: wandb.Image(image)})

    def tabulate(self, name: str, table: pd.DataFrame) -> None:
        """Log a table, as W&B's own."""
        import wandb

        self.run.log({name: wandb.Table(dataframe=table)})

    def summarise(self, metrics: Mapping[str, float]) -> None:
        """Log the final metrics once, which also makes them the run's summary."""
        self.run.log(dict(metrics))


@contextmanager
def tracked(config: Config, folder: RunFolder) -> Iterator[Tracker]:
    """Open a W&B run beside the run folder.

    WANDB_MODE decides where it is set; under an agent (WANDB_SWEEP_ID) the run reports to the agent's server.
    """
    decided_outside = bool(os.environ.get("WANDB_MODE") or os.environ.get("WANDB_SWEEP_ID"))
    if not folder.writes or (config.wandb.mode == "disabled" and not decided_outside):
        yield NoTracker()
        return
    import wandb  # slow to import, and only needed here

    before = None if os.environ.get("WANDB_SWEEP_ID") else _run_before(folder)
    run = wandb.init(
        id=before,
        resume=None if before is None else "allow",
        project=config.wandb.project,
        name=folder.path.name,
        group=config.experiment,
        dir=str(folder.path),
        config=dataclasses.asdict(config),
        mode=os.environ.get("WANDB_MODE") if decided_outside else config.wandb.mode,  # type: ignore[arg-type]
        settings=wandb.Settings(silent=True, console="off"),
    )
    failed = True
    try:
        yield WandbTracker(run)
        failed = False
    finally:
        run.finish(exit_code=int(failed))


def _run_before(folder: RunFolder) -> str | None:
    """Return W&B's id of the same run before it was interrupted, if it was."""
    if not folder.resumed:
        return None
    runs = sorted((folder.path / "wandb").glob("*run-*-*"), key=lambda run: run.name.split("run-")[-1])
    return runs[-1].name.rsplit("-", 1)[-1] if runs else None
