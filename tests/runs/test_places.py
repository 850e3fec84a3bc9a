import zipfile

import pytest

from mghp.errors import InputError
from mghp.runs.files import read_rows
from mghp.runs.folder import has_ended, is_finished
from mghp.runs.places import experiment_folders, files_below, is_file, is_there, read_file
from mghp.runs.read import find_runs

RESULT = '{"experiment": "trial", "variant": "", "key": "%s", "metrics": {}, "seed": 0}'


def archive(file, members):
    """A zip of texts; a list of pairs may name a member twice."""
    with zipfile.ZipFile(file, "w") as written:
        for name, text in members.items() if isinstance(members, dict) else members:
            written.writestr(name, text)
    return file


def results(*names):
    return {f"{name}/result.json": RESULT % name for name in names}


def plant(folder, *names):
    for name, text in results(*names).items():
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text(text)


def test_a_path_leads_into_an_archive_as_into_a_folder(tmp_path):
    file = archive(tmp_path / "trial.zip", {"trial/a/result.json": RESULT % "k", "trial/a/media/x.csv": "n\n1\n"})
    run = file / "trial" / "a"
    assert read_file(run / "media" / "x.csv", "table") == b"n\n1\n"
    assert read_rows(run / "media" / "x.csv", ["n"])["n"].tolist() == [1]
    assert is_file(run / "result.json")
    assert not is_file(run)
    assert all(map(is_there, (file, file / "trial", run, run / "media", run / "media" / "x.csv")))
    assert not any(map(is_there, (run / "none", file / "tria", tmp_path / "none.zip", tmp_path / "none.zip" / "a")))
    assert is_finished(run, "k")
    assert not is_finished(run, "another key")
    assert not has_ended(file / "trial" / "b")


def test_runs_are_found_in_folders_and_archives_alike(tmp_path):
    plant(tmp_path, "b/2", "d/replaced/1")
    archive(tmp_path / "b_more.zip", results("b_more/1"))
    archive(tmp_path / "b.zip", {**results("b/3", "b/1", "b/replaced/0"), "b/4/config.yaml": ""})
    archive(tmp_path / "notes.zip", {"notes.txt": "of nobody's run"})
    (tmp_path / "replaced").mkdir()
    archive(tmp_path / "replaced" / "c.zip", results("c/1"))
    assert [run.said("key") for run in find_runs([tmp_path])] == ["b/1", "b/2", "b/3", "b_more/1"]
    assert [run.said("key") for run in find_runs([tmp_path / "b.zip" / "b" / "3", tmp_path / "b.zip"])] == [
        "b/3",
        "b/1",
    ]
    assert [run.path for run in find_runs([tmp_path / "b_more.zip"])] == [tmp_path / "b_more.zip" / "b_more" / "1"]
    for path in ("notes.zip", "b.zip/b/4"):
        with pytest.raises(InputError, match="no finished run"):
            find_runs([tmp_path / path])
    for path in ("none.zip", "b.zip/b/none"):
        with pytest.raises(InputError, match=f"{path}: no such run folder"):
            find_runs([tmp_path / path])


def test_a_pattern_names_files_and_the_folders_right_above_them(tmp_path):
    names = ["a/media/x.csv", "a/media/y.csv", "a/x.csv"]
    archive(tmp_path / "a.zip", dict.fromkeys(names, ""))
    for name in names:
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).touch()
    for pattern, found in (("media/*.csv", 2), ("x.csv", 2), ("media/failures/cases.json", 0)):
        inside, outside = files_below(tmp_path / "a.zip", pattern), files_below(tmp_path / "folder", pattern)
        assert [file.relative_to(tmp_path / "a.zip") for file in inside] == [
            file.relative_to(tmp_path / "folder") for file in outside
        ]
        assert len(inside) == found


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (results("../x"), "'../x/result.json' names no file below it"),
        (results("/x"), "'/x/result.json' names no file below it"),
        (results("x/./y"), "names no file below it"),
        (results("x\\y"), "names no file below it"),
        ([*results("x").items(), *results("x").items()], "'x/result.json' is there twice"),
        ({**results("x"), "x": "a file"}, "'x' is there twice"),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_of_odd_names_is_refused(members, words, tmp_path):
    file = archive(tmp_path / "odd.zip", members)
    for path in (file, tmp_path):
        with pytest.raises(InputError, match=r"odd\.zip: ") as caught:
            find_runs([path])
        assert words in str(caught.value)


@pytest.mark.parametrize("damage", ["no zip", "cut off", "empty"])
def test_a_damaged_archive_is_one_line_that_names_it(damage, tmp_path):
    """Also for what looks whether a run has finished: else all of its runs would be made again."""
    file = archive(tmp_path / "trial.zip", results("trial/a"))
    content = {"no zip": b"Not found", "cut off": file.read_bytes()[:-30], "empty": b""}[damage]
    file.write_bytes(content)
    for look in (lambda: find_runs([tmp_path]), lambda: is_finished(file / "trial" / "a", "trial/a")):
        with pytest.raises(InputError, match=r"^archive .*trial\.zip: unreadable: .*zip file"):
            look()


def test_a_damaged_or_missing_member_is_one_line_that_names_both(tmp_path):
    file = archive(tmp_path / "trial.zip", results("trial/a", "trial/b"))
    file.write_bytes(file.read_bytes().replace(b'"key": "trial/a"', b'"key": "trial/c"'))
    run, other = find_runs([file / "trial" / "b"])[0], file / "trial" / "a"
    with pytest.raises(InputError, match=r"trial\.zip/trial/a/result\.json: unreadable: Bad CRC-32"):
        find_runs([file])
    with pytest.raises(InputError, match=r"trial\.zip/trial/a/result\.json: unreadable: Bad CRC-32"):
        is_finished(other, "trial/c")
    with pytest.raises(InputError, match=r"config .*trial\.zip/trial/b/config\.yaml: no such file"):
        run.config  # noqa: B018


def test_a_member_that_unpacks_to_more_than_memory_is_refused(tmp_path, monkeypatch):
    file = archive(tmp_path / "trial.zip", {"trial/a/result.json": " " * 1000})
    monkeypatch.setattr("mghp.runs.places.MOST_BYTES", 999)
    with pytest.raises(InputError, match=r"a/result\.json: unreadable: 1000 bytes; expected 999 at most"):
        find_runs([file])


def test_an_archive_is_opened_once_and_again_when_another_takes_its_place(tmp_path, monkeypatch):
    opened = []
    open_zip = zipfile.ZipFile.__init__
    monkeypatch.setattr(
        zipfile.ZipFile, "__init__", lambda self, *given, **more: opened.append(given) or open_zip(self, *given, **more)
    )
    file = archive(tmp_path / "trial.zip", results("trial/a", "trial/b"))
    opened.clear()
    assert [run.seed for run in find_runs([tmp_path])] == [0, 0]
    assert opened == [(file,)]
    archive(tmp_path / "new.zip", results("trial/c")).replace(file)
    assert [run.path.name for run in find_runs([tmp_path])] == ["c"]


def test_an_experiment_s_runs_lie_in_its_folder_and_in_its_archive(tmp_path):
    assert experiment_folders(tmp_path, "a") == (tmp_path / "a", tmp_path / "a.zip" / "a")
