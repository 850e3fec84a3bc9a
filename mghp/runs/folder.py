"""A run folder: the only interface between running and reporting.

    runs/<experiment>/<run>/config.yaml   the whole resolved config
                            metrics.csv   one row a step, flushed
                            timing.csv    one row a phase
                            result.json   final metrics and their provenance, written last and atomically
                            media/        pictures and arrays
                            checkpoints/  weights, of a training; what an interrupted one goes on from

Times stand in timing.csv and result.json only, so that metrics.csv of two equal runs can be compared byte for byte.
"""

import json
import os
import platform
import re
import resource
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from mghp.config.identity import config_key, schema_version
from mghp.config.load import to_yaml
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.reading import file_text, text_of
from mghp.runs.csv_cells import head_of, rows_text
from mghp.runs.lock import RunLock, hold_run
from mghp.runs.places import is_file, read_file
from mghp.writing import legal_name, unfinished_files, write_atomically, writing

_OF_A_RUN = ("config.yaml", "metrics.csv", "timing.csv", "result.json", "media", "checkpoints")
"""What a run writes into its folder."""

_VERSIONS = ("mghp", "torch", "numpy", "scipy", "numba", "cvxpy", "lightning", "timm")
_TIMING = re.compile(rb"phase,seconds\r\n([^,\r\n]+,[0-9.e+-]+\r\n)*")


class Phase:
    """A phase of a run; `seconds` is how long it took, NaN until it has ended."""

    seconds = float("nan")


class RunFolder:
    """Writes one run. Create it only when everything that can be checked has been.

    Args:
        config: the whole.
        data_fingerprint: of the data.
        writes: False in the other processes of a run that several make together: the first one writes for all.
        path: of the folder of the interrupted run that is gone on with or begun anew, wherever it lies.
        resumed: whether what an interrupted run has logged stays, to be gone on with.

    Raises:
        InputError: if the folder cannot be written, or another process writes it: it is locked until `finish`.
    """

    def __init__(
        self,
        config: Config,
        data_fingerprint: str,
        writes: bool = True,
        path: Path | None = None,
        resumed: bool = False,
    ) -> None:
        self.config = config
        self.writes = writes
        self.resumed = resumed
        self.data_fingerprint = data_fingerprint
        self.key = config_key(config, data_fingerprint)
        self.path = path or run_path(config, data_fingerprint)
        self._started = time.time()
        self._cpu_started = _cpu_seconds()
        self._lock: RunLock | None = None
        if not writes:
            return
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _refuse_what_is_in_the_way(self.path)
            refuse_foreign_folder(self.path)
            self._lock = hold_run(self.path)
            if path is not None and has_ended(path):
                raise InputError(f"run folder {path}: it has finished meanwhile: {path / 'result.json'}")
            if resumed:
                _refuse_other_timing(self.path / "timing.csv")
            self.media.mkdir(exist_ok=True)
            (self.path / "result.json").unlink(missing_ok=True)
            for unfinished in unfinished_files(self.path):
                unfinished.unlink(missing_ok=True)
            if not resumed:
                for name in ("metrics.csv", "timing.csv"):
                    (self.path / name).unlink(missing_ok=True)
                self.forget_resume_points()
                write_atomically(self.path / "config.yaml", to_yaml(config))
        except OSError as error:
            raise InputError(f"run folder {self.path}: cannot be written: {error.strerror}") from None

    @property
    def media(self) -> Path:
        """The folder of pictures and arrays."""
        return self.path / "media"

    @property
    def checkpoints(self) -> Path:
        """The folder of weights."""
        return self.path / "checkpoints"

    def forget_resume_points(self) -> None:
        """Remove what an interrupted training would go on from: it has ended, or begins anew."""
        for file in self.checkpoints.glob("resume*.ckpt"):
            file.unlink(missing_ok=True)

    def log(self, row: Mapping[str, float]) -> None:
        """Append a row to metrics.csv; the first decides the columns."""
        _append(self.path / "metrics.csv", row)

    @contextmanager
    def timed(self, phase: str) -> Iterator["Phase"]:
        """Append the seconds that a phase took to timing.csv, once it has ended.

        A phase that raises has not ended and gets no row: the resumed run, or the one begun anew, times it again.
        """
        timed = Phase()
        begin = time.perf_counter()
        yield timed
        timed.seconds = time.perf_counter() - begin
        if self.writes:
            _append(self.path / "timing.csv", {"phase": phase, "seconds": round(timed.seconds, 4)})

    def save_arrays(self, name: str, **arrays: np.ndarray) -> None:
        """Write arrays to media/<name>.npz."""
        file = self.media / f"{name}.npz"
        with writing(file):
            np.savez_compressed(file, **arrays)  # type: ignore[arg-type]

    def finish(
        self, metrics: Mapping[str, float], stopped: bool = False, precision: str | None = None
    ) -> dict[str, Any]:
        """Write result.json; from here on the run counts as finished, unless it was stopped before its end.

        Args:
            metrics: the scores of the run.
            stopped: whether a training was stopped before its end.
            precision: what a training computed in, which `trainer.precision` asks for and not every CPU has.
        """
        commit, is_dirty = git_commit()
        result = {
            "key": self.key,
            "schema_version": schema_version(self.config.experiment),
            "experiment": self.config.experiment,
            "variant": self.config.variant,
            **({"stopped": True} if stopped else {}),
            **({"resumed": True} if self.resumed else {}),  # seconds are then those since it was gone on with
            "metrics": dict(metrics),
            "seed": self.config.seed,
            "data_seed": self.config.data.seed,
            "data_fingerprint": self.data_fingerprint,
            "commit": commit,
            "uncommitted_changes": is_dirty,
            "versions": {"python": platform.python_version(), **{name: version(name) for name in _VERSIONS}},
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            **({} if precision is None else {"precision": precision}),
            "wall_seconds": round(time.time() - self._started, 2),
            "cpu_seconds": round(_cpu_seconds() - self._cpu_started, 2),
            "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
        }
        if self.writes:
            write_atomically(self.path / "result.json", json.dumps(result, indent=1, allow_nan=True))
        if self._lock is not None:
            self._lock.release()
        return result


def _refuse_what_is_in_the_way(folder: Path) -> None:
    """Refuse folders where a run writes files, and files where it makes folders."""
    names = ("config.yaml", "metrics.csv", "timing.csv", "result.json", ".lock")
    for file in (*(folder / name for name in names), *(folder / "checkpoints").glob("*.ckpt")):
        if file.is_dir():
            raise InputError(f"run folder {folder}: {file.relative_to(folder)} is a folder; expected a file or none")
    for below in ("media", "checkpoints"):
        if os.path.lexists(folder / below) and not (folder / below).is_dir():
            raise InputError(f"run folder {folder}: {below} is no folder; expected a folder or none")


def _refuse_other_timing(file: Path) -> None:
    """Refuse a timing.csv that is none: rows of a resumed run are added to it."""
    content = file.read_bytes() if file.exists() else b""
    if content and not _TIMING.fullmatch(content):
        raise InputError(f"{file}: expected rows of phase,seconds, got {content[:40]!r}...; put it back or remove it")


def run_path(config: Config, data_fingerprint: str) -> Path:
    """Return where a run is written: MGHP_RUN_DIR, or runs/<experiment>/<variant>-<key>."""
    if os.environ.get("MGHP_RUN_DIR"):
        return Path(os.environ["MGHP_RUN_DIR"])
    name = config_key(config, data_fingerprint)[:10]
    named = f"{config.variant}-{name}" if config.variant else name
    return Path(config.runs) / legal_name(config.experiment) / legal_name(named)


def refuse_foreign_folder(path: Path) -> None:
    """Refuse to write a run where files lie that are named like a run's, and are none of a run.

    Raises:
        InputError: naming one of them.
    """
    present = [name for name in _OF_A_RUN if (path / name).is_file() or _has_files(path / name)]
    if present and not (_is_config(path / "config.yaml") or isinstance(result_of(path).get("metrics"), dict)):
        raise InputError(
            f"run folder {path}: {present[0]} is there, and no config.yaml of a run: mghp did not write it; "
            "expected a new folder, or one of a run"
        )


def _has_files(path: Path) -> bool:
    return path.is_dir() and any(path.iterdir())


def _is_config(file: Path) -> bool:
    """Return whether a file has a resolved config's sections; one that was changed by hand is still a run's."""
    try:
        lines = file_text(file).splitlines()
    except (OSError, UnicodeDecodeError):
        return False
    return {"experiment", "data", "matcher"} <= {line.partition(":")[0] for line in lines}


def resume_points(checkpoints: Path) -> tuple[Path, Path]:
    """Return the files that an interrupted training is resumed from: the last one, and the one before it."""
    return checkpoints / "resume.ckpt", checkpoints / "resume_before.ckpt"


def is_finished(path: Path, key: str) -> bool:
    """Return whether a run of this key has ended there, and not because it was stopped."""
    result = result_of(path)
    return result.get("key") == key and not result.get("stopped")


def has_ended(path: Path) -> bool:
    """Return whether a run of any key has ended there, and not because it was stopped."""
    result = result_of(path)
    return bool(result) and not result.get("stopped")


def was_stopped(path: Path) -> bool:
    """Return whether a run ended there because it was asked to."""
    return bool(result_of(path).get("stopped"))


def result_of(path: Path) -> dict[str, Any]:
    """Return the content of result.json, which may lie in an archive; empty where there is none to be read."""
    file = path / "result.json"
    content = read_file(file, "result") if is_file(file) else b""
    try:
        result = json.loads(text_of(content))
    except (ValueError, RecursionError):
        return {}
    return result if isinstance(result, dict) else {}


def git_commit() -> tuple[str, bool]:
    """Return the source's commit and whether it has uncommitted changes; ("unknown", False) outside a checkout."""
    source = Path(__file__).resolve().parents[2]
    if not (source / ".git").exists():  # a project's environment lies in a checkout, which is not ours
        return "unknown", False
    try:
        commit = _git(source, "rev-parse", "HEAD")
        return commit, bool(_git(source, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return "unknown", False


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True
    ).stdout.strip()


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _append(file: Path, row: Mapping[str, Any]) -> None:
    with writing(file), file.open("a", newline="") as stream:
        columns = head_of(file)
        stream.write(rows_text(columns or list(row), [row], head=not columns))
