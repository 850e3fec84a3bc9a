import pytest
from typer.testing import CliRunner

from mghp.cli.main import app
from mghp.errors import InputError
from mghp.reproduce.full import in_a_line, paper_experiments, paper_section, refuse_incomplete


@pytest.mark.parametrize("override", ["experiment=foo", "trainer.max_steps=null", "trainer.max_steps=abc"])
def test_what_the_paper_s_scale_cannot_be_is_told_in_a_line(override):
    with pytest.raises(InputError, match=f"^{override.partition('=')[0]}="):
        paper_experiments([override])


def test_the_paper_s_scale_says_what_is_missing(tmp_path):
    experiments = paper_experiments([f"data.root={tmp_path}"])
    lines = [in_a_line(experiment) for experiment in experiments]
    for line, folder in zip(lines, ("LV-MHP-v2", "densepose_coco", "pascal_person_part"), strict=True):
        assert str(tmp_path / folder) in line
        assert "GPU" in line
        assert "hours" in line
    with pytest.raises(
        InputError,
        match=r"^--profile full cannot run, \d things are missing: mhp_v2: data\.root: .*to be had at https://",
    ):
        refuse_incomplete(experiments)
    refuse_incomplete([])


@pytest.mark.parametrize("is_checkout", [True, False])
def test_without_a_checkout_it_says_that_no_run_is_adopted(is_checkout, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("mghp.reproduce.plan.make_plan", lambda *settings: [])
    monkeypatch.setattr("mghp.reproduce.finished.COMMITTED", tmp_path / ("." if is_checkout else "none"))
    result = CliRunner().invoke(app, ["reproduce", "--profile", "full"])
    assert isinstance(result.exception, InputError)  # the datasets are missing
    lines = result.stdout.splitlines()
    assert len(lines) == 3 + (not is_checkout)
    assert lines[0].startswith("committed runs lie in a checkout alone") != is_checkout


def test_the_paper_s_scale_trains_and_then_evaluates(tmp_path, monkeypatch):
    monkeypatch.setattr("mghp.reproduce.kinds.training_fingerprint", lambda data: "the pictures")
    trials = paper_section(paper_experiments([f"runs={tmp_path}", "trainer.max_steps=4000"])).trials
    assert [(trial.label, trial.seconds) for trial in trials[:2]] == [("mhp_v2", 3600), ("mhp_v2_evaluation", 1800)]
    assert [trial.kind.name for trial in trials] == ["train", "evaluation"] * 3
    assert trials[1].run() is None  # until there are weights
