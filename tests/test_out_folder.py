from pathlib import Path

import pytest

from mghp.errors import InputError
from mghp.out_folder import LIST, OutFolder


def add(folder, **texts):
    """Write files, whose names have __ for / and _txt for .txt, as a command does."""
    with OutFolder(folder).adding() as fresh:
        for name, text in texts.items():
            file = fresh / name.replace("__", "/").replace("_txt", ".txt")
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)


def content(folder):
    """All visible files, by name."""
    return {
        file.relative_to(folder).as_posix(): file.read_text()
        for file in folder.rglob("*")
        if file.is_file() and not file.name.startswith(".")
    }


def test_what_was_written_is_written_again(tmp_path):
    out = tmp_path / "new" / "out"
    add(out, a_txt="one", b_txt="two")
    add(out, a_txt="three")
    assert content(out) == {"a.txt": "three", "b.txt": "two"}
    add(out, a_txt="one")
    assert content(out)["a.txt"] == "one"
    assert [file.name for file in out.iterdir() if file.name.startswith(".")] == [LIST]


@pytest.mark.parametrize("kind", ["file", "folder", "link", "changed"])
def test_what_somebody_else_wrote_stays_and_nothing_else_is_written(kind, tmp_path):
    mine = tmp_path / "b.txt"
    if kind == "changed":
        add(tmp_path, b_txt="theirs")
    if kind == "folder":
        mine.mkdir()
    elif kind == "link":
        mine.symlink_to("nowhere")
    else:
        mine.write_text("mine")
    before = content(tmp_path)
    with pytest.raises(InputError, match=r"b\.txt: would be replaced, but mghp did not write it"):
        OutFolder(tmp_path).refuse(["a.txt", "b.txt"])
    with pytest.raises(InputError, match=r"b\.txt: would be replaced"):
        add(tmp_path, a_txt="new", b_txt="new")
    assert content(tmp_path) == before
    assert mine.is_symlink() == (kind == "link")


def test_a_file_where_a_folder_would_be_stays(tmp_path):
    (tmp_path / "gallery").write_text("mine")
    with pytest.raises(InputError, match="gallery/a"):
        add(tmp_path, gallery__a_txt="new")
    assert content(tmp_path) == {"gallery": "mine"}


def test_own_older_files_go_from_folders_that_get_new_ones_and_others_stay(tmp_path):
    add(tmp_path, top_txt="1", page__old_txt="1", page__pictures__old_txt="1", other__old_txt="1", page__edited_txt="1")
    (tmp_path / "page" / "mine.txt").write_text("mine")
    (tmp_path / "page" / "edited.txt").write_text("mine")
    add(tmp_path, page__new_txt="2")
    assert set(content(tmp_path)) == {"top.txt", "other/old.txt", "page/new.txt", "page/mine.txt", "page/edited.txt"}


def test_nothing_comes_of_a_command_that_fails(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match=f"^{out}/a.txt: full$"), OutFolder(out).adding() as fresh:  # noqa: PT012
        (fresh / "a.txt").write_text("half")
        raise InputError(f"{fresh / 'a.txt'}: full")
    assert not out.exists()


def test_who_was_killed_while_files_were_brought_finds_all_of_them_own(tmp_path, monkeypatch):
    add(tmp_path, a_txt="old", b_txt="old")
    replace = Path.replace

    def killed_at_b(file, target):
        if file.name == "b.txt":
            raise KeyboardInterrupt
        return replace(file, target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed_at_b)
        with pytest.raises(KeyboardInterrupt):
            add(tmp_path, a_txt="new", b_txt="new")
    assert content(tmp_path) == {"a.txt": "new", "b.txt": "old"}
    add(tmp_path, a_txt="newer", b_txt="newer")
    assert content(tmp_path) == {"a.txt": "newer", "b.txt": "newer"}


def test_a_list_from_elsewhere_gives_away_no_file_outside(tmp_path):
    out = tmp_path / "out"
    add(tmp_path, a_txt="1")
    add(out, a_txt="1")
    foreign = (tmp_path / LIST).read_text().replace("a.txt", "../a.txt")
    (out / LIST).write_text(f"{foreign}nonsense\n1 [[\n1 3\n\x00")
    assert not OutFolder(out).is_own("../a.txt")
    with pytest.raises(InputError, match=r"a\.txt: would be replaced"):
        OutFolder(out).refuse(["a.txt"])


def test_what_was_there_before_there_were_lists_can_be_adopted(tmp_path):
    (tmp_path / "trials.md").write_text("old")
    assert not OutFolder(tmp_path).has_list
    OutFolder(tmp_path).adopt(["trials.md", "best.yaml"])
    assert OutFolder(tmp_path).has_list
    OutFolder(tmp_path).refuse(["trials.md"])


@pytest.mark.parametrize("name", ["report", "benches", "parsing", "sweep"])
def test_committed_outputs_can_be_written_again(name, checkout):
    out = checkout / "analysis" / "results" / name
    written = [file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file() and file.name != LIST]
    assert written
    OutFolder(out).refuse(written)


def test_a_list_whose_last_line_was_cut_off_goes_on_in_a_line_of_its_own(tmp_path):
    """As a full disk leaves it."""
    (tmp_path / LIST).write_text('0123 "a.t')
    with OutFolder(tmp_path).adding() as fresh:
        (fresh / "b.txt").write_text("1")
    OutFolder(tmp_path).refuse(["b.txt"])
    assert OutFolder(tmp_path).is_own("b.txt")
