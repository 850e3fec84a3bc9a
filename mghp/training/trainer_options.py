"""The options of Lightning's Trainer that a config may set under `trainer`, one rule each. Without torch."""

import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mghp.config.check import nearest
from mghp.errors import InputError

DEFAULT_MAX_STEPS = 1000
"""The number of steps where the config names no length."""


@dataclass(frozen=True)
class Rule:
    """The values that an option may have.

    Attributes:
        expected: the rule in words.
        fits: returns True for a valid value.
        taken: converts a valid value for Lightning.
    """

    expected: str
    fits: Callable[[Any], bool]
    taken: Callable[[Any], Any] = lambda value: value


def _is_number(value: object, least: float) -> bool:
    """Return True for a finite number from `least` up that a machine can count to."""
    return isinstance(value, int | float) and not isinstance(value, bool) and least <= value < sys.maxsize


def _is_whole(value: Any, least: int) -> bool:  # noqa: ANN401
    """Return True for a whole number; 1e3, which YAML reads as a float, is one."""
    return _is_number(value, least) and value == int(value)


def _is_share(value: object) -> bool:
    """Return True for a share of an epoch, 0.0 to 1.0; Lightning tells it from a number of batches by its type."""
    return isinstance(value, float) and 0 <= value <= 1


def _whole(least: int) -> Rule:
    return Rule(f"a whole number from {least} up", lambda value: _is_whole(value, least), int)


def _batches(least: int) -> Rule:
    return Rule(
        f"a number of batches from {least} up, or a share of them{', above 0.0' if least else ''} up to 1.0",
        lambda value: (value >= least or value > 0) if _is_share(value) else _is_whole(value, least),
        lambda value: value if _is_share(value) else int(value),
    )


def _one_of(*values: str) -> Rule:
    return Rule(f"one of {', '.join(values)}", lambda value: isinstance(value, str) and value in values)


def _each(rule: Rule, *options: str) -> dict[str, Rule]:
    return dict.fromkeys(options, rule)


def _is_duration(value: object) -> bool:
    if isinstance(value, Mapping):
        return bool(value) and all(unit in _UNITS and _is_number(amount, 0) for unit, amount in value.items())
    return isinstance(value, str) and bool(re.fullmatch(r"\d{1,6}:\d\d:\d\d:\d\d", value))


def _is_count(value: object) -> bool:
    return isinstance(value, int) and _is_whole(value, 0)


def _are_devices(value: object) -> bool:
    if isinstance(value, list):
        return bool(value) and all(map(_is_count, value))
    return isinstance(value, str) or (isinstance(value, int) and _is_whole(value, -1) and value != 0)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


_UNITS = ("weeks", "days", "hours", "minutes", "seconds", "milliseconds", "microseconds")
_BATCHES = _batches(1)
_DURATION = "a time as 'DD:HH:MM:SS' or {hours: 1}"

RULES: Mapping[str, Rule] = {
    **_each(Rule("a name", _is_text), "accelerator", "strategy", "model_registry"),
    **_each(
        Rule("true or false", _is_switch),
        "logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary", "enable_autolog_hparams",
        "benchmark", "inference_mode", "use_distributed_sampler", "detect_anomaly", "sync_batchnorm",
    ),
    **_each(_whole(-1), "max_epochs", "max_steps", "num_sanity_val_steps"),
    **_each(_whole(0), "min_epochs", "min_steps", "log_every_n_steps", "reload_dataloaders_every_n_epochs"),
    **_each(_whole(1), "num_nodes", "check_val_every_n_epoch", "accumulate_grad_batches"),
    **_each(_batches(0), *(f"limit_{what}_batches" for what in ("train", "val", "test", "predict")), "overfit_batches"),
    **_each(Rule("nothing: it is made in Python, which a config cannot", lambda value: False), "callbacks", "plugins"),
    "devices": Rule("a number of devices from 1 up, -1 for all, auto, or their list", _are_devices),
    "precision": Rule("a name, or bits per number", lambda value: _is_text(value) or type(value) is int),
    "fast_dev_run": Rule("true, false, or a number of batches", lambda value: _is_switch(value) or _is_count(value)),
    "max_time": Rule(_DURATION, _is_duration),
    "val_check_interval": Rule(
        f"{_BATCHES.expected}, or {_DURATION}",
        lambda value: _BATCHES.fits(value) or _is_duration(value),
        lambda value: value if _is_duration(value) else _BATCHES.taken(value),
    ),
    "gradient_clip_val": Rule("a number from 0 up", lambda value: _is_number(value, 0)),
    "gradient_clip_algorithm": _one_of("norm", "value"),
    "deterministic": Rule("true, false or warn", lambda value: _is_switch(value) or value == "warn"),
    "profiler": _one_of("simple", "advanced", "pytorch"),
    "barebones": Rule("false: it switches off what a run folder holds", lambda value: value is False),
    "default_root_dir": Rule("a folder", _is_text),
}  # fmt: skip
"""The rules of all options of a Trainer."""


def checked_options(trainer: Mapping[str, Any]) -> dict[str, Any]:
    """Check the options of a config and convert them for Lightning; options left null, at their defaults, are dropped.

    Raises:
        InputError: naming the first unknown option or invalid value.
    """
    return {name: _checked(name, value) for name, value in trainer.items() if value is not None or name not in RULES}


def _checked(name: str, value: object) -> Any:  # noqa: ANN401
    if name not in RULES:
        raise InputError(f"trainer: unknown key 'trainer.{name}'{nearest(str(name), RULES, 'trainer.')}")
    rule = RULES[name]
    if not rule.fits(value):
        raise InputError(f"trainer.{name}: expected {rule.expected}, got {_shown(value)}")
    return rule.taken(value)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."


def length_of(options: Mapping[str, Any]) -> dict[str, int]:
    """Return `max_steps` and `max_epochs` of checked options; without either, `DEFAULT_MAX_STEPS` steps.

    Raises:
        InputError: if the training would have no end, by which its rate could fall.
    """
    epochs = options.get("max_epochs", -1)
    steps = options.get("max_steps", DEFAULT_MAX_STEPS if epochs == -1 else -1)
    if steps == epochs == -1:
        raise InputError("trainer.max_steps: -1 has no end; expected a number of steps, or trainer.max_epochs")
    return {"max_steps": steps, "max_epochs": epochs}


def validations_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return `val_check_interval` and `check_val_every_n_epoch` of checked options; by default after the training only.

    A number of batches counts on over the epochs unless the epochs are named; a share is one of each epoch. Batches are
    the loader's, also where several of them make a step (`accumulate_grad_batches`).
    """
    interval, epochs = (options.get(name) for name in ("val_check_interval", "check_val_every_n_epoch"))
    if interval is None:
        interval = sys.maxsize if epochs is None else 1.0
    if isinstance(interval, float) and epochs is None:
        epochs = 1
    return {"val_check_interval": interval, "check_val_every_n_epoch": epochs}


def check_batches(options: Mapping[str, Any], training: int, validation: int) -> None:
    """Refuse shares and intervals that do not fit the numbers of batches, which Lightning would see too late.

    Args:
        options: checked options.
        training: number of batches of an epoch.
        validation: number of batches of a validation.

    Raises:
        InputError: if a share is less than a batch, or an interval within an epoch is longer than the epoch.
    """
    limits = {"limit_train_batches": training, "limit_val_batches": validation}
    for name, of in [*limits.items(), *(("overfit_batches", number) for number in limits.values())]:
        share = options.get(name)
        if isinstance(share, float) and 0 < share * of < 1:
            raise InputError(f"trainer.{name}: {share} of {of} batches is none; expected a share of 1 or more of them")
    times = validations_of(options)
    interval, limit = times["val_check_interval"], options.get("limit_train_batches", training)
    batches = int(limit * training) if isinstance(limit, float) else min(limit, training)
    if isinstance(interval, int) and times["check_val_every_n_epoch"] is not None and interval > batches:
        raise InputError(
            f"trainer.val_check_interval: {interval} batches, an epoch has {batches}; without "
            "trainer.check_val_every_n_epoch they count on over the epochs"
        )
