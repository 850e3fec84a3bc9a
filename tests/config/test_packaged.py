"""Experiment and sweep files in a folder that has none of its own."""

from pathlib import Path

import pytest

from mghp.config import packaged as module
from mghp.config.load import load_config
from mghp.config.origins import origins
from mghp.config.packaged import own_or_packaged, packaged
from mghp.datasets.anatomy_file import read_anatomy
from mghp.errors import InputError
from mghp.sweep.sweep_file import read_sweep

PAPER = "experiments/matcher/paper.yaml"


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder, which is the working folder; nothing has been said yet."""
    monkeypatch.chdir(tmp_path)
    module._say_where.cache_clear()
    return tmp_path


def put(file, text):
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_every_file_comes_with_the_package(checkout):
    files = {
        file.relative_to(checkout) for kind in ("experiments", "sweeps") for file in (checkout / kind).rglob("*.*")
    }
    assert files == module._files()


def test_the_packaged_file_of_the_name_is_read_and_named_once(elsewhere, capsys):
    for seed in (1, 2):
        config = load_config(PAPER, [f"seed={seed}"])
        assert (config.experiment, config.seed) == ("paper", seed)
    assert capsys.readouterr().err == f"mghp: {PAPER} is not here; read is the one that comes with the package\n"
    assert set(origins(PAPER).values()) == {str(packaged(PAPER))}


def test_an_own_file_of_the_name_goes_first(elsewhere, capsys):
    put(elsewhere / PAPER, "seed: 5")
    assert load_config(PAPER).seed == 5
    assert capsys.readouterr().err == ""


def test_sweeps_and_anatomies_too(elsewhere):
    assert read_sweep("sweeps/matcher.yaml").identity == read_sweep(packaged("sweeps/matcher.yaml")).identity
    anatomies = [read_anatomy(find("experiments/anatomies/ccp.yaml")) for find in (Path, packaged)]
    assert anatomies[0] == anatomies[1]


def test_a_base_is_looked_for_beside_its_file_first(elsewhere):
    put(elsewhere / "mine" / "own.yaml", f"base: {PAPER}")
    assert load_config("mine/own.yaml").matcher == load_config(packaged(PAPER)).matcher
    put(elsewhere / "mine" / PAPER, "matcher: {name: greedy}")
    assert load_config("mine/own.yaml").matcher.name == "greedy"


def test_a_wrong_name_gets_the_nearest_packaged_one(elsewhere):
    with pytest.raises(InputError, match=rf"papre\.yaml: no such file; did you mean {PAPER}, which comes with the"):
        load_config("experiments/matcher/papre.yaml")
    put(elsewhere / PAPER, "seed: 5")
    with pytest.raises(InputError) as caught:
        load_config("experiments/matcher/papre.yaml")
    assert str(caught.value).endswith(f"did you mean {PAPER}?")


@pytest.mark.parametrize("name", ["a" * 5000, "nul\0", "../experiments/matcher/paper.yaml"])
def test_names_of_no_file_are_refused_as_ever(name, elsewhere):
    with pytest.raises(InputError, match=r"^experiment file "):
        own_or_packaged(name, "experiment file")
