import dataclasses
import math
from typing import get_type_hints

import numpy as np
import pytest

from mghp.config.load import load_config_text
from mghp.config.schema import Config
from mghp.errors import InputError
from mghp.ranges import LARGEST, POSITIVE, Range, RangeError, check_ranges, ranges_of


def sections(section=Config, prefix=""):
    yield prefix, section
    for name, hint in get_type_hints(section).items():
        if dataclasses.is_dataclass(hint):
            yield from sections(hint, f"{prefix}{name}.")


def is_number(hint):
    return hint in (int, float) or any(is_number(part) for part in getattr(hint, "__args__", ()) if part is not hint)


NUMBERS = {
    f"{prefix}{name}": (section, name, hint)
    for prefix, section in sections()
    for name, hint in get_type_hints(section).items()
    if is_number(hint)
}


def holds(hint, kind):
    return hint is kind or kind in getattr(hint, "__args__", ())


INTEGERS = [key for key, (_, _, hint) in NUMBERS.items() if holds(hint, int)]
FLOATS = [key for key, (_, _, hint) in NUMBERS.items() if holds(hint, float)]


def override(key, value):
    is_list = str(NUMBERS[key][2]).startswith("list")
    return f"{key}=[{value}]" if is_list else f"{key}={value}"


def test_the_schema_was_walked():
    assert {"seed", "data.loader.workers", "matcher.sinkhorn.num_iterations", "bench.sizes"} <= set(INTEGERS)
    assert {"inference.tile", "network.strides.field"} <= set(INTEGERS)
    assert {"losses.weights.field", "learned.scales", "training.ema_decay"} <= set(FLOATS)


@pytest.mark.parametrize("key", NUMBERS)
def test_every_number_of_the_schema_has_a_range_that_its_default_lies_in(key):
    section, name, _ = NUMBERS[key]
    assert name in ranges_of(section)
    check_ranges(section())


@pytest.mark.parametrize("key", INTEGERS)
@pytest.mark.parametrize("value", [10**18 * 10, 10**300, -1])
def test_an_integer_that_no_machine_could_meet_names_its_key_and_what_came(key, value):
    section, name, _ = NUMBERS[key]
    assert ranges_of(section)[name].most < 2**63
    with pytest.raises(InputError) as told:
        load_config_text("{}", [override(key, value)])
    assert str(told.value).startswith(f"{key} ")
    assert f"got {str(value)[:9]}" in str(told.value)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("key", FLOATS)
@pytest.mark.parametrize("value", ["nan", ".nan", ".inf", "-.inf", "1e400", "inf"])
def test_no_float_is_infinite_or_no_number(key, value):
    with pytest.raises(InputError) as told:
        load_config_text("{}", [override(key, value)])
    assert str(told.value).startswith(f"{key} ")
    assert "\n" not in str(told.value)


def test_a_hundred_thousand_processes_are_refused_in_one_line():
    with pytest.raises(InputError, match=r"^data\.loader\.workers must be 0 to 256, got 100000$"):
        load_config_text("{}", ["data.loader.workers=100000"])


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (0, "k must be at least 1, got 0 (1 to 4)"),
        (5, "k must be 1 to 4, got 5"),
        (math.nan, "k must be finite, got nan (1 to 4)"),
        (math.inf, "k must be finite, got inf"),
        (-(10**400), "k must be at least 1, got -1"),
    ],
)
def test_what_is_said_of_a_number_outside(value, words):
    with pytest.raises(RangeError) as told:
        Range(1, 4).check("k", value)
    assert str(told.value).startswith(words)


def test_both_ends_belong_to_a_range_and_0_is_not_positive():
    for value in (1, 4, np.int64(2), np.float32(3.5)):
        Range(1, 4).check("k", value)
    for value in (LARGEST, 5e-324):
        POSITIVE.check("k", value)
    with pytest.raises(RangeError, match="k must be positive and finite, got 0"):
        POSITIVE.check("k", 0)
