import pytest

from mghp.errors import InputError
from mghp.parsing import checkpoint_places
from mghp.parsing.build import load_parser
from mghp.parsing.checkpoint_places import checkpoint_of
from mghp.training.build import load_module


@pytest.fixture
def run(tmp_path):
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    return tmp_path / "run"


def keep(run, *names):
    for name in names:
        (run / "checkpoints" / name).touch()


def test_the_best_checkpoint_of_a_run_comes_before_the_last(run):
    keep(run, "last.ckpt", "before_decay.ckpt")
    assert checkpoint_of(run) == run / "checkpoints" / "last.ckpt"
    keep(run, "best.ckpt")
    assert checkpoint_of(str(run)) == run / "checkpoints" / "best.ckpt"
    assert checkpoint_of(run / "checkpoints" / "last.ckpt") == run / "checkpoints" / "last.ckpt"


@pytest.mark.parametrize("load", [load_parser, load_module])
def test_a_folder_without_either_is_one_line_that_lists_what_is_there(run, load):
    (run / "config.yaml").touch()
    with pytest.raises(InputError, match=r"run: no checkpoints/best\.ckpt .* there is checkpoints, config\.yaml$"):
        load(run)
    keep(run, "before_decay.ckpt", "resume.ckpt")
    words = r"there is checkpoints/before_decay\.ckpt, checkpoints/resume\.ckpt$"
    with pytest.raises(InputError, match=words) as caught:
        load(run)
    assert len(str(caught.value).splitlines()) == 1


def test_an_empty_folder_and_a_full_one_are_told_alike(tmp_path):
    with pytest.raises(InputError, match=r"there is nothing$"):
        checkpoint_of(tmp_path)
    for number in range(20):
        (tmp_path / f"{number:02}.jpg").touch()
    with pytest.raises(InputError, match=r"07\.jpg, \.\.\.$"):
        checkpoint_of(tmp_path)


def test_a_package_without_weights_asks_for_a_checkpoint(tmp_path, monkeypatch):
    monkeypatch.setattr(checkpoint_places, "SHIPPED_FILE", tmp_path / "photographs.ckpt")
    with pytest.raises(InputError, match="no trained parser comes with mghp yet; expected a run folder"):
        checkpoint_of("shipped")
    (tmp_path / "photographs.ckpt").touch()
    assert checkpoint_of("shipped") == tmp_path / "photographs.ckpt"
