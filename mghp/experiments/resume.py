"""What `mghp train --resume RUN` finds in a run folder: its config, and the checkpoint to go on from."""

import logging
from pathlib import Path

from mghp.config import Config, load_config
from mghp.errors import InputError
from mghp.run_folder import git_commit, has_ended, resume_points

_LOGGER = logging.getLogger("mghp")


def interrupted_config(run: Path) -> Config:
    """The config of a run that was cut off, or stopped before its end.

    Raises:
        InputError: if the folder is none of a run, or of one that has finished.
    """
    if not (run / "config.yaml").is_file():
        raise InputError(f"--resume {run}: no run folder: there is no config.yaml in it")
    if has_ended(run):
        raise InputError(f"--resume {run}: this run has finished: {run / 'result.json'}")
    return load_config(run / "config.yaml")


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
        InputError: if these are not the data that it was trained on.
    """
    from mghp.modules.checkpoint_files import read_checkpoint

    for file in filter(Path.exists, resume_points(run / "checkpoints")):
        try:
            before = read_checkpoint(file)["callbacks"]["ResumePoints"]
            data, commit = before["data"], before["commit"]
        except (InputError, KeyError, TypeError) as error:
            why = str(error) if isinstance(error, InputError) else f"{file}: nothing to go on from"
            _LOGGER.warning("%s; the checkpoint before it is used, where there is one", why)
            continue
        if data != fingerprint:
            raise InputError(f"--resume {run}: trained on data {data!r}, which now are {fingerprint!r}")
        now, _ = git_commit()
        if commit != now:
            _LOGGER.warning("%s: begun at commit %s, gone on with at %s", run, commit[:10], now[:10])
        return file
    _LOGGER.warning("%s: no checkpoint to go on from: begun anew", run)
    return None
