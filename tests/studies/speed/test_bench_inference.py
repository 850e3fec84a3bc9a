import pandas as pd
import pytest
import torch

import mghp.studies.speed.inference
from mghp.config.load import load_config
from mghp.errors import InputError
from mghp.parsing.assembly import pixels
from mghp.runs.read import Run
from mghp.studies.speed.bench import Call
from mghp.studies.speed.inference import INFERENCE, STAGES, bench_inference, made_fields
from mghp.training.build import build_module

PERSONS = [1, 4, 9]


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def config(checkout, tmp_path_factory):
    settings = [f"runs={tmp_path_factory.mktemp('runs')}", f"bench.persons={PERSONS}", "bench.size=160",
                "bench.repeats=1", "network.width=16", "network.backbone.kwargs.channels=[8,12,16,24]",
                "network.backbone.kwargs.blocks=[0,1,0,1]"]  # fmt: skip
    return load_config(checkout / "experiments" / "parsing" / "bench_inference.yaml", settings)


@pytest.fixture(scope="module")
def measured(config):
    """A bench; the order in which crowds were timed."""
    order = []
    seconds = mghp.studies.speed.inference._seconds

    def noted(assembler, fields):
        order.append(id(fields))
        return seconds(assembler, fields)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(mghp.studies.speed.inference, "_seconds", noted)
        return Run(bench_inference(Call(config, lambda *_: None))), order


def test_every_person_is_found_in_the_same_pixels(measured):
    rows = pd.read_csv(measured[0].path / "ratios.csv")
    assert rows["persons"].tolist() == rows["found"].tolist() == PERSONS
    assert rows["human_pixels"].max() < 1.15 * rows["human_pixels"].min()
    assert rows["pairs"].tolist() == [18 * persons**2 for persons in PERSONS]
    assert (rows[[f"{stage}_ms" for stage in STAGES]] >= 0).all(axis=None)


def test_crowds_take_turns(measured):
    first, second = measured[1][: len(PERSONS)], measured[1][len(PERSONS) :]
    assert first == second
    assert len(set(first)) == len(PERSONS)


def test_the_table_s_ratios_are_those_of_one_run(measured):
    run = measured[0]
    rows = pd.read_csv(run.path / "ratios.csv")
    table = INFERENCE.filled([run])
    assert table.name == "bench_inference"
    assert [row["times the first row"] for row in table.rows] == pytest.approx(rows["cpu_ms"] / rows["cpu_ms"][0])
    slope = (rows["cpu_ms"][1] - rows["cpu_ms"][0]) / 3
    assert [row["a further person [ms]"] for row in table.rows][:2] == [None, pytest.approx(slope)]


def test_the_assembly_compares_pixels_with_keypoints_in_proportion_to_the_persons(config, monkeypatch):
    """Work is counted, not timed: distances of cells to keypoints."""
    assembler = build_module(config).eval().assembler
    distances = []
    cdist = torch.cdist

    def counted(points, goals, **options):
        distances.append(len(points) * len(goals))
        return cdist(points, goals, **options)

    monkeypatch.setattr(pixels.torch, "cdist", counted)
    for persons in PERSONS:
        assembler(made_fields(config, persons))
    assert distances[2] < 1.3 * 9 * distances[0]


def test_too_few_peaks_for_the_crowd_are_refused(config, monkeypatch):
    monkeypatch.setattr(config.assembly, "max_peaks", 8)
    with pytest.raises(InputError, match=r"max_peaks.* 9 persons"):
        bench_inference(Call(config, lambda *_: None))
