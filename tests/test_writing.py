"""What killed processes leave, and who sweeps it away."""

import os
import subprocess
import sys
import time

import pytest

from mghp import writing
from mghp.errors import InputError
from mghp.writing import legal_name, remove_abandoned, temporary_beside, unfinished_files, write_atomically


@pytest.fixture
def ended():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.fixture
def another():
    """The number of another process that runs."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process.pid
        process.communicate(b"\n")


def left(folder, name, process, place=None, days=0.0):
    """A file that a process was writing so many days ago."""
    file = folder / ".".join(["", name, *([] if place is None else [place]), str(process)])
    file.write_text("half")
    os.utime(file, (time.time() - 24 * 3600 * days,) * 2)
    return file


def of_another_machine(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("platform.node", lambda: "another")
        writing._place.cache_clear()
        place = writing._place()
    writing._place.cache_clear()
    return place


def test_only_what_nobody_writes_any_more_is_swept(tmp_path, ended, another, monkeypatch):
    ours, theirs = writing._place(), of_another_machine(monkeypatch)
    assert ours != theirs
    gone = [
        left(tmp_path, "a.json", ended, ours), left(tmp_path, "a.json", ended, theirs, days=8),
        left(tmp_path, "a.json", another, theirs, days=8), left(tmp_path, "a.json", ended, days=8),
    ]  # fmt: skip
    stays = [
        left(tmp_path, "a.json", os.getpid(), ours), left(tmp_path, "a.json", another, ours, days=8),
        left(tmp_path, "a.json", 1, ours), left(tmp_path, "b.json", ended, theirs, days=6),
        left(tmp_path, "b.json", ended, days=6), left(tmp_path, "a", "json"), left(tmp_path, "mghp_digests", "json"),
    ]  # fmt: skip
    assert set(unfinished_files(tmp_path.parent)) >= set(gone)
    assert not set(unfinished_files(tmp_path.parent)) & set(stays)
    remove_abandoned(tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted(stays)


def test_a_folder_of_another_machine_stays_while_anything_in_it_is_new(tmp_path, ended, monkeypatch):
    folder = tmp_path / f".set.{of_another_machine(monkeypatch)}.{ended}"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "image.npy").write_text("half")
    for path in (folder, folder / "deep"):
        os.utime(path, (0, 0))
    remove_abandoned(tmp_path)
    assert folder.is_dir()
    os.utime(folder / "deep" / "image.npy", (0, 0))
    remove_abandoned(tmp_path)
    assert not folder.exists()


def test_a_link_is_removed_and_not_followed(tmp_path, ended):
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "file").write_text("")
    (tmp_path / f".x.{writing._place()}.{ended}").symlink_to(tmp_path / "kept")
    remove_abandoned(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["kept", "file"]


def test_a_file_s_next_writer_sweeps_what_was_left_of_it(tmp_path, ended):
    of_it, of_others = (left(tmp_path, name, ended, writing._place()) for name in ("a.json", "b.json"))
    write_atomically(tmp_path / "a.json", "whole")
    assert not of_it.exists()
    assert of_others.exists()
    assert (tmp_path / "a.json").read_text() == "whole"


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "a.json").mkdir()
    with pytest.raises(InputError, match=r"a\.json: cannot be written"):
        write_atomically(tmp_path / "a.json", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_folder_that_is_not_there_has_nothing_to_sweep(tmp_path):
    remove_abandoned(tmp_path / "none")
    assert temporary_beside(tmp_path / "a").parent == tmp_path


def test_names_of_files_are_legal_on_every_system():
    assert legal_name("loss: 'a' | b?.png") == "loss_ 'a' _ b_.png"
    assert legal_name("ends in dots. .") == "ends in dots_"
    assert legal_name("photographs_network") == "photographs_network"
    assert legal_name("../outside") == "../outside"  # `errors.inside` refuses it
