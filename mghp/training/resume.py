"""What `mghp train --resume RUN` finds in a run folder: its config, and the checkpoint to go on from."""

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
    """The config of a run that was cut off, or stopped before its end.

    Raises:
        InputError: if the folder is none of a run, or of one that has finished; if config.yaml is not what the training
            was begun with, or the rows of metrics.csv are not what it has logged, as far as a checkpoint knows; if
            something else is in a checkpoint's place.
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
    """The folder, if a training of it was cut off or stopped, and left what one can go on from."""
    is_left = any(file.exists() for file in resume_points(run / "checkpoints"))
    return run if is_left and not has_ended(run) else None


def point_to_resume(run: Path, fingerprint: str) -> Path | None:
    """The newest checkpoint of an interrupted training that can be read; None where none can: it begins anew.

    Args:
        run: its folder.
        fingerprint: of the data as they are now.

    Raises:
        InputError: as `interrupted_config`, or if these are not the data that it was trained on.
    """
    interrupted_config(run)
    point = _newest(run, _LOGGER.warning)
    if point is None:
        _LOGGER.warning("%s: no checkpoint to go on from: begun anew", run)
        return None
    file, checkpoint = point
    before = checkpoint["callbacks"]["ResumePoints"]
    if before["data"] != fingerprint:
        raise InputError(f"--resume {run}: trained on data {before['data']!r}, which now are {fingerprint!r}")
    now, _ = git_commit()
    if before["commit"] != now:
        _LOGGER.warning("%s: begun at commit %s, gone on with at %s", run, before["commit"][:10], now[:10])
    return file


def _newest(run: Path, tell: Callable[[str], None]) -> tuple[Path, dict[str, Any]] | None:
    """The last checkpoint that is whole, with what is in it; told is what the others have."""
    for file in resume_points(run / "checkpoints"):
        if not os.path.lexists(file):
            continue
        if not file.is_file():
            raise InputError(f"{file}: expected a checkpoint to go on from, got a folder or a broken link")
        try:
            return file, _read(file)
        except InputError as error:
            tell(f"{error}; the checkpoint before it is used, where there is one")
    return None


def _read(file: Path) -> dict[str, Any]:
    from mghp.parsing.checkpoints import read_checkpoint

    checkpoint = read_checkpoint(file)
    try:
        if _is_noted(checkpoint["callbacks"]["ResumePoints"]):
            return checkpoint
    except (KeyError, TypeError, AttributeError):
        pass
    raise InputError(f"{file}: nothing to go on from")


def _is_noted(before: Mapping[str, Any]) -> bool:
    metrics = before["metrics"]
    texts = [before["data"], before["commit"], metrics.get("sha256", ""), *metrics["columns"]]
    return all(isinstance(text, str) for text in texts) and type(metrics["rows"]) is int and metrics["rows"] >= 0


def _refuse_other_settings(file: Path, config: Config, checkpoint: Path, trained: str) -> None:
    """What has been trained so far is of the settings in the checkpoint, whatever config.yaml says now."""
    before = _leaves(computed_settings(load_config_text(trained, origin=str(checkpoint))))
    now = _leaves(computed_settings(config))
    for key in sorted({*before, *now}):
        if before.get(key) != now.get(key):
            raise InputError(
                f"{file}: {key} is {now.get(key)}, but {checkpoint} was trained with {before.get(key)}: put that back "
                f"to go on with it, or begin a training of its own: mghp train {file}"
            )


def _leaves(values: Mapping[str, Any], prefix: str = "") -> dict[str, str]:
    """Values by their keys with dots, as text, in which nothing differs from itself."""
    leaves: dict[str, str] = {}
    for key, value in values.items():
        is_section = isinstance(value, Mapping) and value
        leaves |= _leaves(value, f"{prefix}{key}.") if is_section else {f"{prefix}{key}": repr(value)}
    return leaves
