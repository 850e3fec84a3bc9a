"""Files that begin with a byte order mark, as editors of Windows save them, are read like those without."""

import json

import pandas as pd
import pytest

from mghp.config.load import load_config
from mghp.datasets.coco_json import read_coco
from mghp.datasets.label_files import read_lines
from mghp.out_folder import LIST, OutFolder
from mghp.reading import file_text
from mghp.runs.files import read_config, read_result, read_rows
from mghp.runs.folder import RunFolder, has_ended
from mghp.runs.logged_rows import rows_up_to
from mghp.sweep.identity import Identity
from mghp.sweep.metric_rows import MetricRows
from mghp.sweep.sweep_file import read_sweep


@pytest.fixture(params=["utf-8-sig", "utf-16"])
def encoding(request):
    return request.param


def save_again(file, encoding):
    """As an editor does that puts a mark before the text."""
    file.write_bytes(file.read_bytes().decode().encode(encoding))
    return file


def test_the_mark_is_no_part_of_the_text_and_ends_of_lines_stay(encoding, tmp_path):
    (tmp_path / "a.txt").write_bytes("ä\r\nb\n".encode(encoding))
    assert file_text(tmp_path / "a.txt") == "ä\r\nb\n"


def test_configs_and_lists(encoding, checkout, tmp_path):
    file = tmp_path / "a.yaml"
    file.write_text("experiment: marked\nseed: 3\n")
    assert load_config(save_again(file, encoding)).seed == 3
    assert read_config(file)["experiment"] == "marked"
    sweep = tmp_path / "sweep.yaml"
    sweep.write_text((checkout / "sweeps" / "matcher.yaml").read_text())
    before = read_sweep(sweep).identity
    assert read_sweep(save_again(sweep, encoding)).identity == before
    names = tmp_path / "val.txt"
    names.write_text("a\n\nb\n")
    assert read_lines(save_again(names, encoding)) == ["a", "b"]


def test_annotations_and_joints(encoding, tmp_path):
    file = tmp_path / "joints.json"
    image = {"id": 1, "file_name": "ä.jpg", "height": 4, "width": 5}
    file.write_text(json.dumps({"images": [image], "annotations": [{"id": 1, "image_id": 1}]}, ensure_ascii=False))
    before = read_coco(file)
    again = read_coco(save_again(file, encoding))
    assert (again.images, again.of_image) == (before.images, before.of_image)


def test_a_run_folder(encoding, tmp_path, tiny_config):
    folder = RunFolder(tiny_config("hungarian", tmp_path), "data")
    for step in (1, 2):
        folder.log({"step": step, "loss": -0.5 * step})
    result = folder.finish({"loss": -1.0})
    for name in ("config.yaml", "result.json", "metrics.csv"):
        save_again(folder.path / name, encoding)
    assert read_result(folder.path / "result.json") == result
    assert has_ended(folder.path)
    assert Identity(folder.key, folder.path, writes_key=True).result() == result
    assert load_config(folder.path / "config.yaml") == folder.config
    assert MetricRows(folder.path / "metrics.csv", "step").new() == [1, 2]
    rows = pd.DataFrame({"step": [1, 2], "loss": [-0.5, -1.0]})
    pd.testing.assert_frame_equal(read_rows(folder.path / "metrics.csv", ("step", "loss")), rows)
    assert len(rows_up_to(folder.path / "metrics.csv", {"rows": 2, "columns": ["step", "loss"]})) == 2
    RunFolder(folder.config, "data")  # known for a run's


def test_a_metrics_file_with_a_mark_goes_on_growing(tmp_path, tiny_config):
    folder = RunFolder(tiny_config("hungarian", tmp_path), "data")
    folder.log({"step": 1, "loss": 0.5})
    save_again(folder.path / "metrics.csv", "utf-8-sig")
    folder.log({"loss": 0.25, "step": 2})
    assert read_rows(folder.path / "metrics.csv")["step"].tolist() == [1, 2]


def test_the_list_of_outputs(encoding, tmp_path):
    with OutFolder(tmp_path).adding() as fresh:
        (fresh / "a.txt").write_text("1")
    save_again(tmp_path / LIST, encoding)
    assert OutFolder(tmp_path).is_own("a.txt")


def test_json_without_a_mark_stays_what_it_was(tmp_path):
    (tmp_path / "a.json").write_text(json.dumps({"a": "\ufeff"}))
    assert json.loads(file_text(tmp_path / "a.json")) == {"a": "\ufeff"}
