"""The score that a training monitors to keep its best weights, checked before torch is imported."""

from mghp.config.check import nearest
from mghp.config.metric_names import METRICS, MetricEntry
from mghp.config.metrics import MetricsConfig
from mghp.config.schema import Config
from mghp.errors import InputError

OF_VALIDATION = "val/"
"""What the name of a score begins with where it is the validation's."""


def check_monitor(config: Config) -> None:
    """Check that a training computes the score that it monitors, and as often as its patience needs.

    Only a training is checked: an evaluation of its weights may compute other scores.

    Raises:
        InputError: if there is no such score, or it is never computed.
    """
    training, trainer = config.training, config.trainer
    if training.monitor is None:
        return
    if trainer.get("limit_val_batches") == 0:
        raise InputError("training.monitor: nothing is validated with trainer.limit_val_batches=0")
    if training.patience is not None and not any(trainer.get(name) for name in _TIMES):
        times = " or ".join(f"trainer.{name}" for name in _TIMES)
        raise InputError(f"training.patience: nothing is validated before the end; expected {times}")
    names = [f"{OF_VALIDATION}{name}" for name in _computed(config.metrics)]
    if training.monitor not in names:
        raise InputError(
            f"training.monitor: no score {training.monitor!r} of a validation{nearest(training.monitor, names)}"
        )


def monitored(name: str) -> MetricEntry:
    """Return the entry of a score by its name in validations."""
    return METRICS[name.removeprefix(OF_VALIDATION)]


_TIMES = ("val_check_interval", "check_val_every_n_epoch")
"""The options of a Trainer that say when to validate before the end."""


def _computed(config: MetricsConfig) -> tuple[str, ...]:
    """Return the names of the scores that are asked for, and of those that are computed together with them."""
    paths = {METRICS[name].path for name in config.scores}
    return METRICS.where(lambda entry: entry.scope == "set" and (not paths or entry.path in paths))
