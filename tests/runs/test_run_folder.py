import csv
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import mghp.runs.folder
from mghp.config.identity import SCHEMA_VERSION, config_key
from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.peak_memory import measured_peak
from mghp.runs.folder import RunFolder, git_commit, has_ended, is_finished, run_path, was_stopped
from mghp.writing import write_atomically


@pytest.fixture
def config(tmp_path):
    return Config(experiment="trial", variant="v", seed=3, runs=str(tmp_path / "runs"))


def test_a_run_s_folder_is_named_by_experiment_variant_and_key(config, tmp_path):
    key = config_key(config, "data")
    folder = RunFolder(config, "data")
    assert folder.path == run_path(config, "data") == tmp_path / "runs" / "trial" / f"v-{key[:10]}"
    assert folder.media.is_dir()
    assert run_path(Config(experiment="trial"), "data").parent == Path("runs/trial")
    assert run_path(config, "other data") != folder.path


def test_the_environment_may_set_the_folder(config, tmp_path, monkeypatch):
    monkeypatch.setenv("MGHP_RUN_DIR", str(tmp_path / "mine"))
    folder = RunFolder(config, "data")
    folder.finish({})
    assert folder.path == tmp_path / "mine"
    assert is_finished(tmp_path / "mine", config_key(config, "data"))
    assert not (tmp_path / "runs").exists()


def test_the_config_is_there_from_the_start_and_reads_back(config):
    assert load_config(RunFolder(config, "data").path / "config.yaml") == load_config_of(config)


def load_config_of(config):
    """Resolved: a preset's amounts are stated."""
    for key, value in vars(config.data.poses.amounts()).items():
        setattr(config.data.poses, key, value)
    return config


def test_a_run_is_finished_when_its_result_is_there_under_its_key(config):
    folder = RunFolder(config, "data")
    assert not is_finished(folder.path, folder.key)
    folder.log({"step": 1})
    folder.save_arrays("some", values=np.ones(2))
    assert not is_finished(folder.path, folder.key)
    folder.finish({"gap": 0.5})
    assert is_finished(folder.path, folder.key)
    assert not is_finished(folder.path, "another key")


def test_a_run_that_was_stopped_has_a_result_and_is_not_finished(config):
    """Nothing adopts it, and it can be gone on with, until it has ended by itself."""
    folder = RunFolder(config, "data")
    folder.finish({"gap": 0.5}, stopped=True)
    assert was_stopped(folder.path)
    assert not is_finished(folder.path, folder.key)
    assert not has_ended(folder.path)
    folder.finish({"gap": 0.4})
    assert not was_stopped(folder.path)
    assert is_finished(folder.path, folder.key)
    assert has_ended(folder.path)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "{}", '"key"', b"\xff"])
def test_a_faulty_result_is_not_finished(tmp_path, content):
    (tmp_path / "result.json").write_bytes(content if isinstance(content, bytes) else content.encode())
    assert not is_finished(tmp_path, "key")
    assert not is_finished(tmp_path / "none", "key")


def test_the_result_holds_metrics_and_where_they_come_from(config):
    folder = RunFolder(config, "data")
    returned = folder.finish({"gap": 0.5, "none": float("nan")})
    result = json.loads((folder.path / "result.json").read_text())
    assert set(result) == set(returned)
    assert result["metrics"]["gap"] == 0.5
    assert np.isnan(result["metrics"]["none"])
    assert (result["key"], result["schema_version"]) == (config_key(config, "data"), SCHEMA_VERSION)
    assert (result["experiment"], result["variant"]) == ("trial", "v")
    assert (result["seed"], result["data_seed"], result["data_fingerprint"]) == (3, 0, "data")
    assert (result["commit"], result["uncommitted_changes"]) == git_commit()
    assert {"python", "torch", "numpy", "mghp"} <= set(result["versions"])
    for measured in ("wall_seconds", "cpu_seconds", "peak_memory_mb"):
        assert result[measured] >= 0
    assert "cores" in result["machine"]


def test_a_result_that_cannot_be_written_leaves_the_one_before(config, monkeypatch):
    folder = RunFolder(config, "data")
    folder.finish({"gap": 0.5})
    before = (folder.path / "result.json").read_text()

    def fail(self, target):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", fail)
        with pytest.raises(InputError, match=r"result.json: cannot be written: No space left on device"):
            folder.finish({"gap": 0.1})
    assert (folder.path / "result.json").read_text() == before


def test_a_reader_never_sees_half_a_file(tmp_path, monkeypatch):
    """Whatever has been written when the name changes hands is whole."""
    file = tmp_path / "result.json"
    seen = []
    replace = Path.replace

    def watch(self, target):
        seen.append((file.exists(), self.read_text()))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", watch)
    write_atomically(file, "whole")
    assert seen == [(False, "whole")]
    assert file.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [file]


def test_the_result_is_written_last(config, monkeypatch):
    folder = RunFolder(config, "data")
    folder.log({"step": 1})
    with folder.timed("solve"):
        pass
    folder.save_arrays("some", values=np.ones(2))
    before = {path for path in folder.path.rglob("*") if path.is_file()}
    folder.finish({})
    assert {path for path in folder.path.rglob("*") if path.is_file()} - before == {folder.path / "result.json"}


def test_a_run_that_starts_again_is_unfinished_and_starts_its_files_anew(config):
    first = RunFolder(config, "data")
    first.log({"step": 1})
    first.finish({})
    second = RunFolder(config, "data")
    assert second.path == first.path
    assert not is_finished(second.path, second.key)
    second.log({"step": 2})
    assert (second.path / "metrics.csv").read_text().split() == ["step", "2"]


def test_rows_can_be_read_as_soon_as_they_are_logged(config):
    folder = RunFolder(config, "data")
    for step in range(3):
        folder.log({"step": step, "gap": 0.5 * step})
        with (folder.path / "metrics.csv").open() as stream:
            rows = list(csv.DictReader(stream))
        assert rows == [{"step": str(k), "gap": str(0.5 * k)} for k in range(step + 1)]


def test_a_row_with_another_column_is_refused(config):
    folder = RunFolder(config, "data")
    folder.log({"step": 1})
    with pytest.raises(ValueError, match="gap"):
        folder.log({"step": 2, "gap": 0.1})


def test_phases_are_timed(config):
    folder = RunFolder(config, "data")
    with folder.timed("solve") as solve:
        assert np.isnan(solve.seconds)
    with folder.timed("round"):
        pass
    with pytest.raises(KeyboardInterrupt), folder.timed("trace") as trace:
        raise KeyboardInterrupt
    assert solve.seconds >= 0
    assert np.isnan(trace.seconds)  # it has not ended
    with (folder.path / "timing.csv").open() as stream:
        assert [row["phase"] for row in csv.DictReader(stream)] == ["solve", "round"]


def test_arrays_read_back(config):
    folder = RunFolder(config, "data")
    folder.save_arrays("some", values=np.arange(3), others=np.eye(2))
    with np.load(folder.media / "some.npz") as arrays:
        assert arrays["values"].tolist() == [0, 1, 2]
        assert arrays["others"].shape == (2, 2)


def test_a_file_in_the_way_is_told(config, tmp_path):
    (tmp_path / "runs").write_text("mine")
    with pytest.raises(InputError, match="cannot be written"):
        RunFolder(config, "data")


@pytest.mark.parametrize("resumed", [False, True])
@pytest.mark.parametrize(
    "name", ["config.yaml", "metrics.csv", "timing.csv", "result.json", ".lock", "checkpoints/resume.ckpt"]
)
def test_a_folder_in_the_place_of_a_file_is_named_and_nothing_is_written(config, name, resumed):
    path = run_path(config, "data")
    (path / name).mkdir(parents=True)
    before = set(path.rglob("*"))
    with pytest.raises(InputError, match=rf"run folder {path}: {name} is a folder; expected a file or none"):
        RunFolder(config, "data", resumed=resumed)
    assert set(path.rglob("*")) == before


@pytest.mark.parametrize("name", ["media", "checkpoints"])
def test_a_file_or_a_broken_link_in_the_place_of_a_folder_is_named(config, name):
    path = run_path(config, "data")
    path.mkdir(parents=True)
    for put in (lambda place: place.write_text("mine"), lambda place: place.symlink_to("nowhere")):
        put(path / name)
        with pytest.raises(InputError, match=rf"run folder {path}: {name} is no folder; expected a folder or none"):
            RunFolder(config, "data")
        (path / name).unlink()


@pytest.mark.parametrize("content", [b"\xff\xfe\0", b"step,loss\n1,2\n", b"\n", b"phase,seconds\r\ntrain,1"])
def test_times_of_something_else_are_not_added_to(config, content):
    file = RunFolder(config, "data").path / "timing.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"timing\.csv: expected rows of phase,seconds"):
        RunFolder(config, "data", resumed=True)
    assert file.read_bytes() == content


def test_the_commit_is_that_of_the_checkout_and_says_if_it_is_changed(tmp_path, monkeypatch):
    def git(*arguments):
        identity = ["-c", "user.name=a", "-c", "user.email=a@b.c"]
        return subprocess.run(
            ["git", "-C", str(tmp_path), *identity, *arguments], check=True, capture_output=True, text=True
        ).stdout.strip()

    (tmp_path / "package" / "runs").mkdir(parents=True)
    source = tmp_path / "package" / "runs" / "folder.py"
    source.write_text("one")
    monkeypatch.setattr(mghp.runs.folder, "__file__", str(source))
    assert git_commit() == ("unknown", False)
    git("init", "-q")
    assert git_commit() == ("unknown", False)
    git("add", ".")
    git("commit", "-q", "-m", "one")
    assert git_commit() == (git("rev-parse", "HEAD"), False)
    (tmp_path / "untracked").write_text("new")
    assert git_commit()[1] is False
    source.write_text("two")
    assert git_commit() == (git("rev-parse", "HEAD"), True)


def test_without_git_the_commit_is_unknown(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert git_commit() == ("unknown", False)


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the high-water mark cannot be reset here")
def test_a_peak_is_seen_though_it_is_over_at_the_end():
    with measured_peak() as nothing:
        pass
    with measured_peak() as peak:
        block = np.ones(50 * 2**17)  # 50 MB
        del block
    assert nothing.megabytes < 10
    assert 45 < peak.megabytes < 100
