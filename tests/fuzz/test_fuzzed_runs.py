"""Run folders, galleries, arrays and checkpoints that are damaged."""

import io
import json

import numpy as np
from fuzzing import LONG, damaged_bytes, damaged_json, damaged_text, files_below, fuzz
from planted_trainings import plant

from mghp.config.schema import Config
from mghp.gallery.cases import read_cases
from mghp.gallery.write import write_gallery
from mghp.report.table import write_tables
from mghp.runs.arrays import read_arrays
from mghp.runs.read import find_runs
from mghp.studies.failures.study import STUDY as FAILURES
from mghp.studies.parsing.study import STUDY as PARSING
from mghp.studies.speed.made_cases import made_run

PIECES = ("nan", "inf", "-1", "1e999", "9" * 400, "", ",", '"', "\0", "../../x", "a|b", "null", "[]", "{}", "true")


def damaged(rng, file, content):
    if file.suffix == ".json" and rng.random() < 0.8:
        return json.dumps(damaged_json(rng, json.loads(content))).encode()
    if file.suffix != ".npz" and rng.random() < 0.8:
        return damaged_text(rng, content.decode(), PIECES).encode()
    return damaged_bytes(rng, content)


@LONG
def test_any_damaged_run_folder_is_reported_or_refused(tmp_path):
    """Of trainings: tables of scores, oracles and tags, read from all four files."""
    runs, out = tmp_path / "runs", tmp_path / "out"
    for seed in range(2):
        run = plant(runs, "synthetic_10min", "", seed, 0.5)
        (run.path / "metrics.csv").write_text("step,train/total,val/ap_p_vol\n1,2.0,\n2,1.5,0.2\n")
        example = dict.fromkeys(("affinity", "assignment", "best", "truth"), np.ones((2, 2)))
        np.savez(run.path / "media" / "example.npz", **example)
    files = [file for file in sorted(runs.rglob("*")) if file.is_file() and file.name != "scenes.csv"]

    def make(rng):
        file = rng.choice(files)
        return file, damaged(rng, file, file.read_bytes())

    def read(made):
        file, content = made
        whole = file.read_bytes()
        file.write_bytes(content)
        try:
            found = find_runs([runs])
            for run in found:
                assert run.steps is not None
                assert run.example is not None
            write_tables([table.filled(found) for table in (*PARSING.tables, *FAILURES.tables)], out)
        finally:
            file.write_bytes(whole)

    before = files_below(runs)
    outcomes = fuzz(150, make, read)
    assert files_below(runs) == before
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "out"}
    assert min(outcomes.values()) > 0


@LONG
def test_any_damaged_cases_make_a_gallery_or_are_refused(tmp_path):
    run = made_run(Config(experiment="made_up", runs=str(tmp_path / "runs")), 3)
    file = read_cases(run).folder / "cases.json"
    whole = file.read_text()

    def read(content):
        file.write_text(json.dumps(content))
        write_gallery([run], tmp_path / "out")

    before = set(files_below(tmp_path / "runs"))
    outcomes = fuzz(80, lambda rng: damaged_json(rng, json.loads(whole)), read)
    assert set(files_below(tmp_path / "runs")) == before
    assert {path.name for path in tmp_path.iterdir()} <= {"runs", "out"}
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"gallery"}
    assert min(outcomes.values()) > 0


@LONG
def test_any_damaged_arrays_are_read_or_refused(tmp_path):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, affinity=np.ones((3, 4)), truth=np.eye(3, dtype=bool), name=np.array("x"))
    file = tmp_path / "example.npz"

    def read(content):
        file.write_bytes(content)
        read_arrays(file, "arrays")

    outcomes = fuzz(500, lambda rng: damaged_bytes(rng, buffer.getvalue()), read)
    assert outcomes["refused"] > 0


@LONG
def test_any_damaged_checkpoint_is_loaded_or_refused(small_config, tmp_path):
    import torch

    from mghp.training.build import build_module, load_module

    module = build_module(small_config())
    content = {"mghp_config": module.config_text, "state_dict": module.state_dict()}
    buffer = io.BytesIO()
    torch.save(content, buffer)
    file = tmp_path / "any.ckpt"
    names, huge = list(content["state_dict"]), torch.zeros(1).expand(10**6, 10**6)

    def make(rng):
        if rng.random() < 0.5:
            return damaged_bytes(rng, buffer.getvalue())
        state = dict(content["state_dict"])
        other = rng.choice([None, 3, "x", [], torch.zeros(2), huge, torch.zeros(3, dtype=torch.complex64)])
        changed = {"mghp_config": content["mghp_config"], "state_dict": state}
        kind = rng.randrange(4)
        if kind == 0:
            state[rng.choice(names)] = other
        elif kind == 1:
            changed[rng.choice(list(changed))] = other
        elif kind == 2:
            changed["mghp_config"] = damaged_text(rng, content["mghp_config"], PIECES)
        else:
            del state[rng.choice(names)]
        saved = io.BytesIO()
        torch.save(changed, saved)
        return saved.getvalue()

    def read(saved):
        file.write_bytes(saved)
        load_module(file)

    outcomes = fuzz(24, make, read)
    assert list(tmp_path.iterdir()) == [file]
    assert outcomes["refused"] > 0
