"""Archives of runs, one an experiment: all that tables, figures and galleries are made of, without the weights.

The same runs make the same bytes, so that an archive can be kept in Git.
"""

import io
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from mghp.errors import InputError, inside
from mghp.runs.places import ENDING, files_below, is_file, is_there, read_file
from mghp.runs.read import Run, find_runs
from mghp.writing import remove_abandoned, temporary_beside, write_atomically, writing

_KEPT = {
    ".": ("config.yaml", "result.json", "*.csv"),
    "media": ("*.csv", "*.npz"),
    "media/failures": ("*.json", "*.jpg", "*.png"),  # a gallery's cases, which are nothing without their pictures
}
"""Files of a run that are kept, by the folder they lie in."""


def pack(paths: Iterable[Path], out: Path) -> list[Path]:
    """Write finished runs into archives, <experiment>.zip each, beside those that are in them already.

    Weights, sheets of pictures and logs stay behind.

    Args:
        paths: of run folders, or of folders or archives of them.
        out: folder of archives, which may not be there yet.

    Returns:
        The archives.

    Raises:
        InputError: if no finished run is found, two of one name have different keys, a file is in an archive's place,
            or the disk does not take it; archives that were there are then as they were.
    """
    by_experiment: dict[str, list[Run]] = {}
    for run in find_runs(paths):
        by_experiment.setdefault(run.experiment, []).append(run)
    archives = {inside(out, f"{name}{ENDING}"): runs for name, runs in by_experiment.items()}
    # First all of them, so that nothing is written where one is refused.
    members = {file: _members([*_archived(file), *runs]) for file, runs in archives.items()}
    for file in members:
        _write(file, members[file])
    return list(members)


def unpack(paths: Iterable[Path], out: Path) -> list[Path]:
    """Write the run folders of archives, <experiment>/<run> each; a finished run of the same key there is left alone.

    Args:
        paths: of archives, or of folders of them.
        out: folder of run folders, which may not be there yet.

    Returns:
        The run folders.

    Raises:
        InputError: if there is no run, something else is in a folder's place, or the disk does not take it.
    """
    runs = {inside(out, name): run for name, run in _by_name(find_runs(paths)).items()}
    new = {folder: run for folder, run in runs.items() if not _is_unpacked(folder, run)}
    for folder, run in new.items():
        _write_folder(folder, run)
    return list(runs)


def _by_name(runs: Iterable[Run]) -> dict[str, Run]:
    """Return runs by the name they have in an archive; of two of one key the later."""
    named: dict[str, Run] = {}
    for run in runs:
        name = f"{run.experiment}/{run.path.name}"
        other = named.setdefault(name, run)
        if other.said("key") != run.said("key"):
            raise InputError(f"{other.path} and {run.path}: two runs named {name}, of different keys; rename one")
        named[name] = run
    return named


def _archived(file: Path) -> list[Run]:
    """Return the runs of the archive that a new one takes the place of; nothing else may be in it."""
    if not is_there(file):
        return []
    runs = [Run(result.parent) for result in files_below(file, "result.json")]
    known = {member for run in runs for member in _files(run)}
    for member in files_below(file, "*"):
        if member not in known:
            raise InputError(f"{file}: would be replaced, but {member.relative_to(file)} is none of a run's files")
    return runs


def _members(runs: Sequence[Run]) -> dict[str, Path]:
    """Return the files to pack by the name they have in an archive."""
    return {
        f"{name}/{file.relative_to(run.path).as_posix()}": file
        for name, run in _by_name(runs).items()
        for file in _files(run)
    }


def _files(run: Run) -> list[Path]:
    """Return the files of a run that are kept."""
    return [file for file in files_below(run.path, "*") if _is_kept(file.relative_to(run.path)) and is_file(file)]


def _is_kept(file: Path) -> bool:
    return any(map(file.match, _KEPT.get(file.parent.as_posix(), ())))


def _write(file: Path, members: Mapping[str, Path]) -> None:
    """Write an archive, once all that was packed is read back from it as it was."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name in sorted(members):
            archive.writestr(_entry(name), read_file(members[name], "run's file"), compresslevel=9)
    with zipfile.ZipFile(content) as archive:
        for name, source in members.items():
            if archive.read(name) != read_file(source, "run's file"):
                raise InputError(f"{source}: changed while it was packed")
    with writing(file):
        file.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(file, content.getbuffer())


def _entry(name: str) -> zipfile.ZipInfo:
    """Return a member that tells nothing of the machine and time that it is from."""
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system, entry.external_attr = 3, 0o644 << 16
    return entry


def _is_unpacked(folder: Path, run: Run) -> bool:
    """Return whether a run is in its folder already; refuse whatever else is there."""
    if not is_there(folder):
        return False
    if is_file(folder / "result.json") and Run(folder).said("key") == run.said("key"):
        return True
    raise InputError(f"{folder}: is there, and is no finished run of the key {run.said('key')}; choose another place")


def _write_folder(folder: Path, run: Run) -> None:
    fresh = temporary_beside(folder)
    try:
        with writing(folder):
            fresh.mkdir(parents=True)
            remove_abandoned(folder.parent, folder.name)
            for file in _files(run):
                target = fresh / file.relative_to(run.path)
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(read_file(file, "run's file"))
            fresh.replace(folder)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
