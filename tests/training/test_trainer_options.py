"""Every option of Lightning's Trainer has a rule, and odd values are one line that names the option."""

import inspect
import math
import subprocess
import sys

import lightning.pytorch as pl
import pytest

from mghp.errors import InputError
from mghp.training.trainer_options import RULES, check_batches, checked_options, length_of, validations_of

ODD = [math.inf, math.nan, -math.inf, 10**30, 10**400, -2, "", [], {}, [None], {"a": 1}, True, "yes"]


def refusal(name, value):
    """What is said of a value; None where it is taken."""
    try:
        checked_options({name: value})
    except InputError as error:
        return str(error)
    return None


def test_every_option_of_lightning_has_a_rule():
    assert set(RULES) == set(inspect.signature(pl.Trainer.__init__).parameters) - {"self"}


@pytest.mark.parametrize("name", RULES)
def test_an_odd_value_is_taken_or_is_one_line_that_names_the_option(name):
    lines = [refusal(name, value) for value in ODD]
    told = [line for line in lines if line is not None]
    assert len(told) >= len(ODD) / 2
    for line in told:
        assert line.startswith(f"trainer.{name}: expected ")
        assert len(line.splitlines()) == 1
        assert len(line) < 300
    assert checked_options({name: None}) == {}


@pytest.mark.parametrize(
    ("options", "taken"),
    [
        ({"max_steps": 1e3}, {"max_steps": 1000}),
        ({"limit_val_batches": 0}, {"limit_val_batches": 0}),
        ({"limit_train_batches": 1.0}, {"limit_train_batches": 1.0}),
        ({"val_check_interval": 20.0}, {"val_check_interval": 20}),
        ({"val_check_interval": {"hours": 1}}, {"val_check_interval": {"hours": 1}}),
        ({"max_time": "00:12:00:00"}, {"max_time": "00:12:00:00"}),
        ({"gradient_clip_val": 0.5}, {"gradient_clip_val": 0.5}),
        ({"devices": [0, 1]}, {"devices": [0, 1]}),
        ({"deterministic": "warn"}, {"deterministic": "warn"}),
        ({"logger": False}, {"logger": False}),
    ],
)
def test_what_lightning_takes_is_passed_on(options, taken):
    found = checked_options(options)
    assert found == taken
    assert [type(value) for value in found.values()] == [type(value) for value in taken.values()]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("accumulate_grad_batches", 0), ("val_check_interval", 0), ("val_check_interval", 0.0), ("devices", 0),
        ("check_val_every_n_epoch", 0), ("gradient_clip_val", -1), ("limit_val_batches", 1.5), ("max_time", "5"),
        ("callbacks", []), ("barebones", True), ("num_nodes", 0),
    ],
)  # fmt: skip
def test_values_without_meaning_are_refused(name, value):
    with pytest.raises(InputError, match=f"trainer.{name}: expected "):
        checked_options({name: value})


def test_an_unknown_key_is_named_with_the_nearest():
    with pytest.raises(InputError, match=r"unknown key 'trainer\.max_stps'; did you mean 'trainer\.max_steps'\?"):
        checked_options({"max_stps": 3})


@pytest.mark.parametrize(
    ("options", "steps", "epochs"),
    [
        ({}, 1000, -1),
        ({"max_steps": 5}, 5, -1),
        ({"max_epochs": 2}, -1, 2),
        ({"max_steps": -1, "max_epochs": 2}, -1, 2),
        ({"max_steps": 5, "max_epochs": 2}, 5, 2),
        ({"max_epochs": -1}, 1000, -1),
    ],
)
def test_a_training_has_a_length_in_steps_or_in_epochs(options, steps, epochs):
    assert length_of(options) == {"max_steps": steps, "max_epochs": epochs}


def test_a_training_without_an_end_is_refused():
    with pytest.raises(InputError, match=r"trainer\.max_steps: -1 has no end"):
        length_of({"max_steps": -1})


@pytest.mark.parametrize(
    ("options", "interval", "epochs"),
    [
        ({}, sys.maxsize, None),
        ({"val_check_interval": 5}, 5, None),
        ({"val_check_interval": 0.5}, 0.5, 1),
        ({"check_val_every_n_epoch": 3}, 1.0, 3),
        ({"val_check_interval": 5, "check_val_every_n_epoch": 3}, 5, 3),
    ],
)
def test_validations_are_by_batches_by_epochs_or_none_but_the_last(options, interval, epochs):
    assert validations_of(options) == {"val_check_interval": interval, "check_val_every_n_epoch": epochs}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"limit_train_batches": 0.1}, "limit_train_batches: 0.1 of 6 batches is none"),
        ({"limit_val_batches": 0.2}, "limit_val_batches: 0.2 of 3 batches is none"),
        ({"overfit_batches": 0.2}, "overfit_batches: 0.2 of 3 batches is none"),
        ({"val_check_interval": 7, "check_val_every_n_epoch": 1}, "val_check_interval: 7 batches, an epoch has 6"),
        (
            {"val_check_interval": 4, "check_val_every_n_epoch": 1, "limit_train_batches": 0.5},
            "val_check_interval: 4 batches, an epoch has 3",
        ),
    ],
)
def test_what_does_not_fit_the_number_of_batches_is_refused(options, complaint):
    with pytest.raises(InputError, match=complaint):
        check_batches(options, 6, 3)
    check_batches(options, 600, 300)


def test_wrong_options_are_told_without_torch():
    code = "import sys, mghp.training.trainer_options; sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
