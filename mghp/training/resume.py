"""Resuming by `mghp train --resume RUN`: the config in the run folder, and the checkpoint to continue from."""

import logging
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mghp.config.identity import computed_settings
from mghp.config.load import load_config, load_config_text
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.runs.folder import git_commit, has_ended, resume_points
from mghp.runs.logged_rows import rows_up_to

_LOGGER = logging.getLogger("mghp")


def interrupted_config(run: Path) -> Config:
    """Read the config of a run that was cut off, or stopped before its end.

    Raises:
        InputError: if the folder is no run's, or the run has finished; if config.yaml or the rows of metrics.csv differ
            from those in the checkpoint; if something else is in a checkpoint's place.
    """
    if not (run / "config.yaml").is_file():
        raise InputError(f"--resume {run}: no run folder: there is no config.yaml in it")
    if has_ended(run):
        raise InputError(f"--resume {run}: this run has finished: {run / 'result.json'}")
    config = load_config(run / "config.yaml")
    point = _newest(run, lambda damage: None)
    if point is not None:
        file, checkpoint = point
        _refuse_other_settings(run / "config.yaml", config, file, checkpoint["mghp_config"])
        rows_up_to(run / "metrics.csv", checkpoint["callbacks"]["ResumePoints"]["metrics"])
    return config


def interrupted_run(run: Path) -> Path | None:
    """Return the folder if its training was cut off or stopped and left a checkpoint, else None."""
    is_left = any(file.exists() for file in resume_points(run / "checkpoints"))
    return run if is_left and not has_ended(run) else None


def point_to_resume(run: Path, fingerprint: str) -> Path | None:
    """Find the newest readable checkpoint of an interrupted training; without one, None: the training begins anew.

    Raises:
        InputError: if `interrupted_config` raises it, or the data have changed since.
    """
    interrupted_config(run)
    point = _newest(run, _LOGGER.warning)
    if point is None:
        _LOGGER.warning("%s: no checkpoint to continue from: begun anew", run)
        return None
    file, checkpoint = point
    before = checkpoint["callbacks"]["ResumePoints"]
    if before["data"] != fingerprint:
        raise InputError(f"--resume {run}: trained on data {before['data']!r}, which now are {fingerprint!r}")
    now, _ = git_commit()
    if before["commit"] != now:
        _LOGGER.warning("%s: begun at commit %s, resumed at %s", run, before["commit"][:10], now[:10])
    return file


def _newest(run: Path, tell: Callable[[str], None]) -> tuple[Path, dict[str, Any]] | None:
    """Read the newest checkpoint that is whole; `tell` is called with the fault of each other."""
    for file in resume_points(run / "checkpoints"):
        if not os.path.lexists(file):
            continue
        if not file.is_file():
            raise InputError(f"{file}: expected a checkpoint to continue from, got a folder or a broken link")
        try:
            return file, _read(file)
        except InputError as error:
            tell(f"{error}; the checkpoint before it is used, if there is one")
    return None


def _read(file: Path) -> dict[str, Any]:
    from mghp.parsing.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(file)
    try:
        if _is_noted(checkpoint["callbacks"]["ResumePoints"]):
            return checkpoint
    except (KeyError, TypeError, AttributeError):
        pass
    raise InputError(f"{file}: nothing to continue from")


def _is_noted(before: Mapping[str, Any]) -> bool:
    metrics = before["metrics"]
    texts = [before["data"], before["commit"], metrics.get("sha256", ""), *metrics["columns"]]
    return all(isinstance(text, str) for text in texts) and type(metrics["rows"]) is int and metrics["rows"] >= 0


def _refuse_other_settings(file: Path, config: Config, checkpoint: Path, trained: str) -> None:
    """Refuse a config.yaml whose settings differ from those that the checkpoint was trained with."""
    before = _leaves(computed_settings(load_config_text(trained, origin=str(checkpoint))))
    now = _leaves(computed_settings(config))
    for key in sorted({*before, *now}):
        if before.get(key) != now.get(key):
            raise InputError(
                f"{file}: {key} is {now.get(key)}, but {checkpoint} was trained with {before.get(key)}: put that back "
                f"to resume it, or begin a new training: mghp train {file}"
            )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Return values by dotted keys, as text, so that NaN equals itself."""
    leaves: dict[str, str] = {}
    for key, value in values.items():
        is_section = isinstance(value, Mapping) and value
        leaves |= _leaves(value, f"{prefix}{key}.") if is_section else {f"{prefix}{key}": repr(value)}
    return leaves
