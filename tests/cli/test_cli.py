import json
import os
import subprocess
import sys

import pytest
from typer.testing import CliRunner

import mghp.cli.main
import mghp.reproduce.plan
from mghp.errors import InputError
from mghp.out_folder import LIST

HEAVY = {"torch", "lightning", "wandb", "matplotlib", "pandas", "numba", "cvxpy", "scipy", "numpy"}
COMMANDS = [
    [], ["match"], ["reproduce"], ["tables"], ["figures"], ["report"], ["gallery"], ["bench"],
    ["bench", "matcher"], ["runs"], ["runs", "pack"], ["runs", "unpack"],
]  # fmt: skip

# Runs a command and says at its end which packages it has imported.
PROGRAM = """
import sys
try:
    from mghp.cli.main import main
    main()
finally:
    print("IMPORTED", *sys.modules)
"""


@pytest.fixture
def faulty_inputs(tmp_path, checkout):
    """The faults that a user makes most, each as (arguments, what the one line must name)."""
    broken, poses = tmp_path / "broken.json", tmp_path / "poses.json"
    broken.write_text('{"images": [')
    category = {"id": 1, "keypoints": ["a", "b"], "skeleton": [[1, 2]]}
    content = {"images": [{"id": 1}], "categories": [category], "annotations": [{"image_id": 2}]}
    poses.write_text(json.dumps(content))
    experiment = checkout / "experiments" / "matcher" / "paper.yaml"
    none = tmp_path / "none.json"
    of_poses = "data.name=mhp_poses"
    faults = {
        "misspelt key": (["matcher.pgd_dykstra.num_stps=5"], ["num_stps", "num_steps"]),
        "wrong type": (["seed=first"], ["seed=first", "Integer"]),
        "wrong choice": (["data.poses.preset=harder"], ["data.poses.preset", "'hard'"]),
        "scalar for a section": (["matcher=greedy"], ["matcher is a section"]),
        "missing annotations": ([of_poses, f"data.annotations={none}"], ["none.json", "no such file"]),
        "no annotations": ([of_poses], ["data.annotations"]),
        "broken JSON": ([of_poses, f"data.annotations={broken}"], ["broken.json", "broken JSON at line 1"]),
        "faulty annotations": ([of_poses, f"data.annotations={poses}"], ["poses.json", "image_id 2"]),
    }
    by_name = {("reproduce", fault): (["reproduce", *given], named) for fault, (given, named) in faults.items()}
    by_name |= {("match", fault): (["match", experiment, *given], named) for fault, (given, named) in faults.items()}
    missing = tmp_path / "none.yaml"
    by_name["match", "missing experiment"] = (["match", missing], ["none.yaml", "no such file"])
    by_name["bench", "misspelt key"] = (["bench", "matcher", "bench.repeat=1"], ["bench.repeat", "bench.repeats"])
    return by_name


def run(arguments, folder):
    folder.mkdir(exist_ok=True)
    command = [sys.executable, "-c", PROGRAM, *map(str, arguments)]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    output, _, imported = process.stdout.rpartition("IMPORTED")
    return process, output, set(imported.split())


FAULTS = [
    *((command, fault) for command in ("match", "reproduce") for fault in (
        "misspelt key", "wrong type", "wrong choice", "scalar for a section", "missing annotations", "no annotations",
        "broken JSON", "faulty annotations",
    )),
    ("match", "missing experiment"), ("bench", "misspelt key"),
]  # fmt: skip


@pytest.mark.parametrize(("command", "fault"), FAULTS)
def test_a_fault_is_one_line_and_exit_code_2_before_torch_and_before_a_file_is_written(
    command, fault, faulty_inputs, tmp_path
):
    arguments, named = faulty_inputs[command, fault]
    process, output, imported = run(arguments, tmp_path / "empty")
    assert process.returncode == 2
    assert output == ""
    assert len(process.stderr.splitlines()) == 1
    assert process.stderr.startswith("mghp: ")
    for words in named:
        assert words in process.stderr
    assert "mghp.cli.main" in imported
    assert not imported & {"torch", "lightning", "wandb", "matplotlib"}
    assert list((tmp_path / "empty").iterdir()) == []


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_answers_without_a_heavy_package(command, tmp_path):
    process, output, imported = run([*command, "--help"], tmp_path / "empty")
    assert process.returncode == 0
    assert "Usage" in output
    assert not imported & HEAVY


def test_the_help_of_a_group_lists_its_commands():
    output = CliRunner().invoke(mghp.cli.main.app, ["--help"]).output
    for command in ("match", "reproduce", "tables", "figures", "bench"):
        assert command in output


def test_a_command_that_is_none_exits_2(tmp_path):
    process, _, _ = run(["mach"], tmp_path / "empty")
    assert process.returncode == 2
    assert "mach" in process.stderr


@pytest.fixture
def refused(monkeypatch, capsys):
    """Runs main with arguments that it refuses, and returns the line on stderr."""

    def call(*arguments):
        monkeypatch.setattr(sys, "argv", ["mghp", *map(str, arguments)])
        with pytest.raises(SystemExit) as caught:
            mghp.cli.main.main()
        output = capsys.readouterr()
        assert caught.value.code == 2
        assert output.out == ""
        assert len(output.err.splitlines()) == 1
        return output.err

    return call


@pytest.mark.parametrize("command", ["tables", "figures"])
def test_run_folders_that_are_none_are_named(command, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "none: no such run folder" in refused(command, "none")
    (tmp_path / "unfinished").mkdir()
    assert "unfinished: no finished run" in refused(command, "unfinished")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["unfinished"]


@pytest.mark.parametrize("command", ["tables", "figures"])
def test_run_folders_of_no_table_and_no_figure_are_told(command, refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "mine" / "run"
    folder.mkdir(parents=True)
    (folder / "result.json").write_text(json.dumps({"experiment": "mine", "variant": "", "metrics": {}}))
    (folder / "config.yaml").write_text("matcher: {name: greedy, greedy: {}}\ndata: {name: generated_poses}")
    assert f"fill no {command[:-1]}" in refused(command, "mine")
    assert not (tmp_path / "results").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"experiment": "solvers"}'])
def test_a_faulty_result_is_named(content, refused, tmp_path):
    (tmp_path / "result.json").write_text(content)
    assert "result.json" in refused("tables", tmp_path)


@pytest.mark.parametrize("command", ["tables", "figures", "reproduce", "bench"])
@pytest.mark.parametrize("out", ["file", "file/below"])
def test_a_file_where_results_would_go_is_told_before_anything_runs(
    command, out, refused, tmp_path, tiny_runs, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("mine")
    runs = [run.path for run in tiny_runs.values()] if command in ("tables", "figures") else []
    runs = ["matcher"] if command == "bench" else runs
    assert "cannot be written" in refused(command, *runs, "--out", out)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_a_file_where_runs_would_go_is_told(refused, tmp_path, checkout):
    (tmp_path / "file").write_text("mine")
    overrides = ["data.generated_poses.num_images=2", "wandb.mode=disabled", f"runs={tmp_path / 'file'}"]
    message = refused("match", checkout / "experiments" / "matcher" / "paper.yaml", *overrides)
    assert "run folder" in message
    assert "cannot be written" in message


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_told(refused, tmp_path, tiny_runs):
    tmp_path.chmod(0o500)
    assert "cannot be written" in refused("tables", *(run.path for run in tiny_runs.values()), "--out", tmp_path)


def test_reproduce_refuses_the_folder_of_a_single_run(refused, tmp_path, monkeypatch):
    monkeypatch.setenv("MGHP_RUN_DIR", str(tmp_path / "run"))
    assert "MGHP_RUN_DIR" in refused("reproduce", "--out", tmp_path / "results")


def test_a_line_of_several_lines_becomes_one(refused, tmp_path):
    assert "a b.yaml: no such file" in refused("match", tmp_path / "a\nb.yaml")


def test_tables_and_figures_say_what_they_wrote(tiny_runs, tmp_path):
    folder = next(iter(tiny_runs.values())).path.parent
    for command, endings in (("tables", {".md", ".csv", ".tex", ".json"}), ("figures", {".png", ".svg"})):
        out = tmp_path / command
        result = CliRunner().invoke(mghp.cli.main.app, [command, str(folder), "--out", str(out)])
        assert result.exit_code == 0, result.output
        written = [path for path in out.iterdir() if path.name != LIST]
        assert set(result.output.split()) == set(map(str, written))
        assert {path.suffix for path in written} == endings


FOREIGN = {
    "tables": ("M1.csv", "answers.md"), "figures": ("assignments_mine.png",),
    "report": ("index.html", "M1.tex", "time.svg", "gallery/a/pictures/b.png"),
    "gallery": ("gallery/a/index.html", "gallery/a/page/grid.js"), "reproduce": ("index.html", "P2.md"),
    "bench": ("bench_matcher.csv",), "render": ("pictures_train.png",),
}  # fmt: skip
"""Files of one's own that a command would replace, or may."""


@pytest.mark.parametrize(("command", "name"), [(command, name) for command, names in FOREIGN.items() for name in names])
def test_no_command_replaces_a_file_that_it_did_not_write(command, name, refused, tiny_runs, tmp_path, checkout):
    runs = next(iter(tiny_runs.values())).path.parent
    arguments = {
        "gallery": ["gallery", runs], "reproduce": ["reproduce", "--profile", "smoke"], "bench": ["bench", "matcher"],
        "render": ["data", "render", checkout / "experiments" / "parsing" / "synthetic_10min.yaml"],
    }.get(command, [command, runs])  # fmt: skip
    file = tmp_path / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("mine")
    assert f"{file}: would be replaced, but mghp did not write it" in refused(*arguments, "--out", tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == [file]
    assert file.read_text() == "mine"


def test_a_report_is_written_again_over_itself_beside_files_of_one_s_own(tiny_runs, tmp_path):
    folder = next(iter(tiny_runs.values())).path.parent
    (tmp_path / "mine.md").write_text("mine")
    for command in ("report", "tables", "figures", "report"):
        result = CliRunner().invoke(mghp.cli.main.app, [command, str(folder), "--out", str(tmp_path)])
        assert result.exit_code == 0, result.output
    assert (tmp_path / "mine.md").read_text() == "mine"


@pytest.mark.parametrize("name", ["config.yaml", "metrics.csv", "result.json", "checkpoints/last.ckpt", "media/a.npz"])
def test_a_run_goes_into_no_folder_of_other_files(name, refused, tmp_path, monkeypatch, checkout):
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    file.write_text("mine: 1")
    monkeypatch.setenv("MGHP_RUN_DIR", str(tmp_path))
    what = name.split("/")[0]
    line = refused("match", checkout / "experiments" / "matcher" / "paper.yaml")
    assert f"run folder {tmp_path}: {what} is there, and no config.yaml of a run" in line
    assert file.read_text() == "mine: 1"


def test_report_writes_one_page_of_all_that_runs_fill(tiny_runs, tmp_path):
    folder = next(iter(tiny_runs.values())).path.parent
    result = CliRunner().invoke(mghp.cli.main.app, ["report", str(folder), "--out", str(tmp_path)])
    assert result.exit_code == 0, result.output
    assert result.output.split() == [str(tmp_path / "index.html")]
    page = (tmp_path / "index.html").read_text()
    assert str(folder) in page
    assert "<b>M1</b>" in page
    assert (tmp_path / "M1_association.csv").is_file()


def test_the_paper_s_scale_is_refused_in_one_line_that_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(mghp.reproduce.plan, "make_plan", lambda *_: [])
    arguments = ["reproduce", "--profile", "full", f"data.root={tmp_path}"]
    result = CliRunner().invoke(mghp.cli.main.app, arguments)
    assert isinstance(result.exception, InputError)
    assert "mhp_v2: " in str(result.exception)
    assert [line.split(":")[0] for line in result.output.splitlines()] == [
        "mhp_v2", "densepose_coco", "pascal_person_part"
    ]  # fmt: skip
    assert not list(tmp_path.iterdir())


def test_match_says_where_it_wrote(tmp_path, monkeypatch, checkout):
    monkeypatch.chdir(tmp_path)
    experiment = checkout / "experiments" / "matcher" / "paper.yaml"
    overrides = ["data.generated_poses.num_images=2", "wandb.mode=disabled", "match.timing_repeats=0"]
    result = CliRunner().invoke(mghp.cli.main.app, ["match", str(experiment), "matcher.name=greedy", *overrides])
    assert result.exit_code == 0, result.output
    assert (tmp_path / result.stdout.strip() / "result.json").is_file()
    assert [path.parent.name for path in tmp_path.rglob("result.json")] == [result.stdout.strip().split("/")[-1]]
