import pytest

from mghp.config.load import load_config
from mghp.config.metric_names import METRICS
from mghp.config.monitor import check_monitor, monitored
from mghp.errors import InputError


@pytest.fixture
def config(tmp_path):
    """A config that monitors a score."""
    file = tmp_path / "empty.yaml"
    file.touch()
    return lambda *overrides: load_config(file, ["training.monitor=val/ap_p_vol", *overrides])


def test_every_score_of_a_set_may_be_monitored(config):
    for name in METRICS.where(lambda entry: entry.scope == "set"):
        check_monitor(config(f"training.monitor=val/{name}"))
        assert monitored(f"val/{name}") is METRICS[name]


def test_a_score_that_is_computed_beside_one_that_is_asked_for_may_be_monitored(config):
    check_monitor(config("metrics.scores=[pcp_50]"))
    check_monitor(config("training.patience=3", "trainer.val_check_interval=100"))
    check_monitor(config("training.patience=3", "trainer.check_val_every_n_epoch=1"))


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        (["training.monitor=val/ap_p_vl"], r"no score 'val/ap_p_vl' of a validation; did you mean 'val/ap_p_vol'\?"),
        (["training.monitor=owner_grouping"], r"did you mean 'val/owner_grouping'\?"),
        (["training.monitor=val/person_iou"], r"no score 'val/person_iou' of a validation"),  # of single pictures
        (["metrics.scores=[grouping]"], "no score 'val/ap_p_vol' of a validation; .*'?val/grouping"),
        (["trainer.limit_val_batches=0"], r"nothing is validated with trainer\.limit_val_batches=0"),
        (["trainer.limit_val_batches=0.0"], r"nothing is validated with trainer\.limit_val_batches=0"),
    ],
)
def test_a_score_that_is_never_computed_is_refused(config, overrides, said):
    with pytest.raises(InputError, match=rf"^training\.monitor: .*{said}"):
        check_monitor(config(*overrides))


def test_patience_needs_validations_on_the_way(config):
    with pytest.raises(InputError, match=r"^training\.patience: nothing .* trainer\.val_check_interval or tr"):
        check_monitor(config("training.patience=3"))


def test_patience_needs_a_score(config):
    with pytest.raises(InputError, match=r"^training\.patience needs training\.monitor"):
        config("training.monitor=null", "training.patience=3")
