import hashlib
import json
import os

import pytest

from mghp.datasets import file_digests as module
from mghp.datasets.file_digests import KEPT, file_digests


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A dataset's folder with three files, and a user's cache beside it."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = tmp_path / "set"
    (folder / "labels").mkdir(parents=True)
    for name in ("a", "b", "labels/c"):
        (folder / name).write_text(f"content of {name}")
    return folder


@pytest.fixture
def settled(monkeypatch):
    """Takes files for old however new they are."""
    monkeypatch.setattr(module, "_COARSEST", -(10**18))


@pytest.fixture
def reads(monkeypatch):
    """Which files are read, in the order of their names."""
    read, names = module._read, []

    def remembered(file):
        names.append(file.name)
        return read(file)

    monkeypatch.setattr(module, "_read", remembered)
    return names


def files(folder):
    return [folder / "a", folder / "b", folder / "labels" / "c"]


def expected(folder):
    return {file: hashlib.sha256(file.read_bytes()).hexdigest() for file in files(folder)}


def test_digests_are_of_the_contents(folder):
    assert file_digests(folder, files(folder)) == expected(folder)


def test_what_has_not_changed_is_read_once(folder, settled, reads):
    file_digests(folder, [*files(folder), folder / "a"])
    assert sorted(reads) == ["a", "b", "c"]
    (folder / "b").write_text("CONTENT OF B")
    assert file_digests(folder, files(folder)) == expected(folder)
    assert reads[3:] == ["b"]


def test_a_change_that_keeps_size_and_time_of_the_content_is_seen(folder, settled):
    file_digests(folder, files(folder))
    before = (folder / "a").stat()
    (folder / "a").write_text("CONTENT OF A")
    os.utime(folder / "a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (folder / "a").stat().st_size == before.st_size
    assert file_digests(folder, files(folder)) == expected(folder)


def test_a_file_as_young_as_its_digest_is_not_trusted(folder, reads):
    for _ in range(2):
        file_digests(folder, files(folder))
    assert sorted(reads) == ["a", "a", "b", "b", "c", "c"]
    assert not (folder / KEPT).exists()


def test_digests_move_with_their_folder(folder, settled, reads):
    file_digests(folder, files(folder))
    moved = folder.rename(folder.with_name("moved"))
    assert file_digests(moved, files(moved)) == expected(moved)
    assert len(reads) == 3


def test_what_is_no_file_has_no_digest(folder):
    os.mkfifo(folder / "pipe")  # which would be waited for, were it opened
    odd = [folder / "none", folder / "labels", folder / "pipe", folder / ("n" * 300)]
    assert file_digests(folder, odd) == dict.fromkeys(odd)


@pytest.mark.parametrize(
    "damage", [b"", b"{", b"\xff\xfe", b"[1]", b"[" * 100_000, b'{"a": 3}', b'{"a": ["x", 1, 1, "y"]}']
)
def test_a_damaged_file_of_digests_is_as_none(folder, settled, damage):
    (folder / KEPT).write_bytes(damage)
    assert file_digests(folder, files(folder)) == expected(folder)
    assert set(json.loads((folder / KEPT).read_text())) == {"a", "b", "labels/c"}


def test_where_the_folder_is_not_writable_the_user_s_cache_is_used(folder, settled, reads, tmp_path):
    (folder / KEPT).mkdir()  # a folder in the file's place: no file can be written there, by nobody
    for _ in range(2):
        assert file_digests(folder, files(folder)) == expected(folder)
    assert len(reads) == 3
    assert len(list((tmp_path / "cache" / "mghp" / "digests").glob("*.json"))) == 1


def test_where_nothing_is_writable_all_is_read_again(folder, settled, reads, monkeypatch):
    (folder / KEPT).mkdir()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "a"))  # a file, under which there is no folder
    for _ in range(2):
        assert file_digests(folder, files(folder)) == expected(folder)
    assert len(reads) == 6


def test_a_user_without_a_home_is_served(folder, settled, monkeypatch):
    def nowhere():
        raise RuntimeError("no home")

    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr(module.Path, "home", nowhere)
    (folder / KEPT).mkdir()
    assert file_digests(folder, files(folder)) == expected(folder)


def test_two_that_write_lose_nothing_of_each_other(folder, settled, reads, monkeypatch):
    keep = module._keep

    def another_first(of, new):
        monkeypatch.setattr(module, "_keep", keep)
        file_digests(folder, files(folder)[1:])  # another process, which has finished meanwhile
        keep(of, new)

    monkeypatch.setattr(module, "_keep", another_first)
    file_digests(folder, files(folder)[:1])
    file_digests(folder, files(folder))
    assert sorted(reads) == ["a", "b", "c"]


def test_what_an_interrupted_reading_has_read_is_kept(folder, settled, reads):
    def interrupt(done, total, what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        file_digests(folder, files(folder), interrupt)
    assert list(json.loads((folder / KEPT).read_text())) == ["a"]


def test_progress_is_of_the_files_that_are_read(folder, settled):
    told = []
    for _ in range(2):
        file_digests(folder, files(folder), lambda *progress: told.append(progress))
    assert told == [(1, 3, "digest files"), (2, 3, "digest files"), (3, 3, "digest files")]
