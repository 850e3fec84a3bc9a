import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import mghp.cli.main
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.gallery.cases import folders_of_cases
from mghp.gallery.write import write_gallery
from mghp.runs.archive import pack, unpack
from mghp.runs.read import find_runs
from mghp.studies.report import write_report
from mghp.studies.speed.made_cases import made_run

sys.path.append(str(Path(__file__).parents[1] / "studies"))
from planted_trainings import plant


def files_below(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


@pytest.fixture
def runs(tmp_path):
    """Trainings of two experiments, with arrays and traces."""
    folder = tmp_path / "runs"
    for experiment, seed in (("components", 0), ("components", 1), ("rotation", 0)):
        run = plant(folder, experiment, "full" if experiment == "components" else "", seed, 0.5 + seed / 10)
        (run.path / "metrics.csv").write_text("step,train/total\n1,2.0\n")
        (run.path / "ratios.csv").write_text("ratio\n2.0\n")
        np.savez(run.path / "media" / "example.npz", affinity=np.ones((2, 3)))
    return folder


def test_what_is_packed_is_unpacked_as_it_was(runs, tmp_path):
    archives = pack([runs], tmp_path / "archives")
    assert [file.name for file in archives] == ["components.zip", "rotation.zip"]
    folders = unpack([tmp_path / "archives"], tmp_path / "again")
    assert files_below(tmp_path / "again") == files_below(runs)
    assert [folder.relative_to(tmp_path / "again") for folder in folders] == [
        run.path.relative_to(runs) for run in find_runs([runs])
    ]


def test_runs_say_the_same_from_an_archive(runs, tmp_path):
    pack([runs], tmp_path / "archives")
    for run, packed in zip(find_runs([runs]), find_runs([tmp_path / "archives"]), strict=True):
        assert packed.path == tmp_path / "archives" / f"{run.experiment}.zip" / run.path.relative_to(runs)
        assert (packed.result, packed.config) == (run.result, run.config)
        assert packed.steps.equals(run.steps)
        assert packed.rows("media/scenes.csv", texts="*").equals(run.rows("media/scenes.csv", texts="*"))
        assert packed.rows("ratios.csv")["ratio"].tolist() == [2.0]
        assert not packed.has("padding.csv")


def test_the_same_runs_make_the_same_bytes(runs, tmp_path):
    """Whenever and wherever their files were written, in whatever order they are given."""
    first = pack([runs], tmp_path / "first")
    moved = tmp_path / "moved"
    for folder in sorted(runs.iterdir(), reverse=True):
        shutil.copytree(folder, moved / folder.name)
    for file in moved.rglob("*"):
        os.utime(file, (10**9, 10**9))
        file.chmod(0o755)
    pack([*reversed([run.path for run in find_runs([moved])])], tmp_path / "second")
    for run in find_runs([runs]):  # one after the other, added to what is there
        pack([run.path], tmp_path / "third")
    contents = [files_below(tmp_path / name) for name in ("first", "second", "third")]
    assert contents[0] == contents[1] == contents[2]
    with zipfile.ZipFile(first[0]) as archive:
        members = archive.infolist()
    assert [member.filename for member in members] == sorted(member.filename for member in members)
    assert {member.date_time for member in members} == {(1980, 1, 1, 0, 0, 0)}
    assert {(member.external_attr >> 16, member.compress_type) for member in members} == {(0o644, zipfile.ZIP_DEFLATED)}


def test_weights_pictures_logs_and_what_has_not_finished_stay_behind(runs, tmp_path):
    kept = files_below(runs)
    (run, other, *_) = find_runs([runs])
    for name in (
        "checkpoints/last.ckpt",
        "media/validation.png",
        "media/maps/x.csv",
        ".lock",
        "scorer.pt",
        "wandb/a.csv",
    ):
        (run.path / name).parent.mkdir(exist_ok=True)
        (run.path / name).touch()
    shutil.copytree(other.path, runs / "components" / "replaced" / "older")
    (shutil.copytree(other.path, runs / "components" / "unfinished") / "result.json").unlink()
    stopped = shutil.copytree(other.path, runs / "components" / "stopped") / "result.json"
    stopped.write_text(json.dumps({**other.result, "stopped": True}))
    pack([runs], tmp_path / "archives")
    unpack([tmp_path / "archives"], tmp_path / "again")
    assert files_below(tmp_path / "again") == kept


def test_cases_keep_the_pictures_that_a_gallery_is_made_of(tmp_path):
    run = made_run(Config(experiment="made_up", runs=str(tmp_path / "runs")), 6)
    pack([run], tmp_path)
    packed = tmp_path / "made_up.zip" / "made_up" / run.name
    assert folders_of_cases(tmp_path / "made_up.zip") == [packed]
    write_gallery([run], tmp_path / "first")
    write_gallery([packed], tmp_path / "second")
    assert files_below(tmp_path / "first") == files_below(tmp_path / "second")
    assert len(list((tmp_path / "second").rglob("*.png"))) > 6


def test_a_report_from_archives_is_the_report_from_folders(runs, tmp_path):
    pack([runs], tmp_path / "archives")
    from_folders, from_archives = (
        reported(source, tmp_path / f"report of {source.name}") for source in (runs, tmp_path / "archives")
    )
    for name, content in from_archives.items():
        for experiment in ("components", "rotation"):  # in the JSON of where rows come from
            content = content.replace(f"archives/{experiment}.zip/".encode(), b"runs/")
        assert content == from_folders[name]
    assert from_archives["P2.json"] != from_folders["P2.json"]
    assert from_archives.keys() == from_folders.keys()
    assert {Path(name).suffix for name in from_archives} == {".md", ".csv", ".tex", ".json", ".png", ".svg"}


def reported(source, out):
    """What a report writes, but for the page, which tells the time."""
    out.mkdir()
    write_report(find_runs([source]), "source", True, out).unlink()
    return files_below(out)


def test_a_run_takes_the_place_of_one_of_its_name_and_key_alone(runs, tmp_path):
    out = tmp_path / "archives"
    pack([runs], out)
    before = files_below(out)
    run = find_runs([runs / "components"])[0]
    (run.path / "result.json").write_text(json.dumps({**run.result, "key": "another"}))
    with pytest.raises(
        InputError, match=rf"{run.path.name}: two runs named components/.*, of different keys"
    ) as caught:
        pack([runs / "rotation", run.path], out)
    assert "components.zip/components/" in str(caught.value)
    assert files_below(out) == before
    (run.path / "result.json").write_text(json.dumps({**run.result, "commit": "newer"}))
    pack([run.path], out)
    assert [packed.said("commit") for packed in find_runs([out])] == ["newer", "abc", "abc"]


@pytest.mark.parametrize("kind", ["no zip", "another zip", "a run and more", "folder"])
def test_what_is_no_archive_of_runs_is_never_replaced(kind, runs, tmp_path):
    file = tmp_path / "archives" / "rotation.zip"
    if kind == "folder":
        file.mkdir(parents=True)
        (file / "mine.txt").write_text("mine")
    elif kind == "no zip":
        file.parent.mkdir()
        file.write_text("mine")
    else:
        pack([runs / "rotation"], tmp_path / "archives")
        with zipfile.ZipFile(file, "w" if kind == "another zip" else "a") as archive:
            archive.writestr("mine.txt", "mine")
    before = files_below(tmp_path / "archives")
    with pytest.raises(InputError, match=r"rotation\.zip"):
        pack([runs], tmp_path / "archives")
    assert files_below(tmp_path / "archives") == before


def test_an_experiment_s_name_leads_to_no_other_folder(runs, tmp_path):
    run = find_runs([runs])[0]
    (run.path / "result.json").write_text(json.dumps({**run.result, "experiment": "../elsewhere"}))
    with pytest.raises(InputError, match="names no file below it"):
        pack([run.path], tmp_path / "archives")
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(run.path / "result.json", "a/b/result.json")
    with pytest.raises(InputError, match="names no file below it"):
        unpack([tmp_path / "a.zip"], tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_run_that_changes_while_it_is_packed_leaves_the_archive_as_it_was(runs, tmp_path, monkeypatch):
    pack([runs], tmp_path / "archives")
    before = files_below(tmp_path / "archives")
    reads = iter(range(10**6))
    monkeypatch.setattr("mghp.runs.archive.read_file", lambda file, what: b"%d" % next(reads))
    with pytest.raises(InputError, match="changed while it was packed"):
        pack([runs], tmp_path / "archives")
    assert files_below(tmp_path / "archives") == before


def test_unpacking_leaves_alone_what_is_there(runs, tmp_path):
    pack([runs], tmp_path / "archives")
    out = tmp_path / "again"
    first, second, _ = unpack([tmp_path / "archives"], out)
    (first / "checkpoints").mkdir()
    shutil.rmtree(second)
    unpack([tmp_path / "archives"], out)
    assert (first / "checkpoints").is_dir()
    assert (second / "result.json").is_file()
    for content in ("mine", json.dumps({**find_runs([first])[0].result, "key": "another"})):
        (first / "result.json").unlink()
        (first / ("mine.txt" if content == "mine" else "result.json")).write_text(content)
        shutil.rmtree(second)
        with pytest.raises(InputError, match=rf"{first.name}: is there, and is no finished run of the key"):
            unpack([tmp_path / "archives"], out)
        assert not second.exists()
        (first / "result.json").touch()
        second.mkdir()


def test_a_disk_that_takes_no_more_leaves_no_half_a_run(runs, tmp_path, monkeypatch):
    pack([runs / "rotation"], tmp_path / "archives")

    def full(file, content):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match=r"cannot be written: No space left on device"):
        unpack([tmp_path / "archives"], tmp_path / "again")
    assert list((tmp_path / "again" / "rotation").iterdir()) == []


def test_the_commands_say_what_they_wrote(runs, tmp_path):
    for command, given in (("pack", runs), ("unpack", tmp_path / "pack")):
        arguments = ["runs", command, str(given), "--out", str(tmp_path / command)]
        result = CliRunner().invoke(mghp.cli.main.app, arguments)
        assert result.exit_code == 0, result.output
        written = [Path(line) for line in result.output.splitlines()]
        assert len(written) == (2 if command == "pack" else 3)
        assert all(path.exists() for path in written)
