"""Seeded loops over damaged input: every input is read, or refused by one line; nothing else happens.

MGHP_FUZZ_ROUNDS=20000 runs every loop so long; MGHP_FUZZ_SEED=7 begins at that seed, to repeat one.
"""

import os
import random
import string
import traceback

import pytest

from mghp.errors import InputError

ROUNDS = os.environ.get("MGHP_FUZZ_ROUNDS")
FIRST = int(os.environ.get("MGHP_FUZZ_SEED", "0"))
LONGEST_REFUSAL = 2000

LONG = pytest.mark.timeout(0 if ROUNDS else 300)
"""A loop of the suite that hangs is ended by its limit; a long one may take its time."""


def fuzz(default, make, read):
    """Read what `make` makes of a seeded generator.

    Args:
        default: inputs, where the environment does not say.
        make: generator to input.
        read: must return, or raise InputError.
    """
    outcomes = {"read": 0, "refused": 0}
    for seed in range(FIRST, FIRST + int(ROUNDS or default)):
        made = make(random.Random(seed))
        try:
            read(made)
            outcomes["read"] += 1
        except InputError as error:
            outcomes["refused"] += 1
            if not 0 < len(str(error).strip()) < LONGEST_REFUSAL:
                pytest.fail(f"seed {seed}: {made!r:.2000}: {error}")
        except Exception:
            pytest.fail(f"seed {seed}: {made!r:.2000}\n{traceback.format_exc()}")
    return outcomes


def files_below(folder):
    """Every file and folder, with its size: what must be the same before and after."""
    return {str(path): path.lstat().st_size if path.is_file() else None for path in folder.rglob("*")}


YAML_PIECES = (
    "&a ", "*a", "<<: *a", "!!python/object/apply:os.system [id]", "!!binary aGk=", "!!set {a}", "2001-01-01",
    "2001-99-99", "${seed}", "${trainer}", "${oc.env:HOME}", "${oc.create:{a: 1}}", "${.}", "${..}", "${", "${a:${b}}",
    "9" * 24, "1e400", ".nan", ".inf", "-.inf", "0x" + "f" * 300, "1" * 350, "1" * 5000, "null", "~", "true", "[]",
    "{}", "???", "../../x", "/etc/passwd", '"a\\0b"', "\0", "'", '"', "- ", "? ", ": ", ",", "{a: 1, a: 2}", "[[[[",
    "1:2:3", "!!int", "!!float", "---", "...", "%YAML 1.1\n", "\t", "#", "|\n", ">\n", "é", "\u2028", "-1", "1.5",
    "'str'", "[1, 2]", "{x: {y: z}}",
)  # fmt: skip
"""What means something to a YAML reader, or to what reads its values."""

JSON_VALUES = (
    None, True, -1, 0, 1, 2, 1.5, 10**400, 1e308, -1e308, float("nan"), float("inf"), 2**31, 2**63, "", "x", "$\\frac{",
    "../../../etc/passwd", "/etc/passwd", "a\0b", "\\..\\x", "n" * 5000, "\ud800", "<script>", [], {}, [[]], [1, 2, 3],
    {"size": [8, 8], "counts": "0"}, {"size": [10**6, 10**6], "counts": [10**12]}, [[0, 0, 1e9, 0, 1e9, 1e9]],
)  # fmt: skip


def damaged_text(rng, text, pieces):
    """A few pieces put in, lines lost, doubled, moved or given another value, and letters changed."""
    for _ in range(rng.randint(1, 4)):
        lines, place = text.split("\n"), rng.randrange(len(text) + 1)
        line = rng.randrange(len(lines))
        kind = rng.randrange(7)
        if kind == 0:
            text = text[:place] + rng.choice(pieces) + text[place:]
        elif kind == 1:
            text = text[:place] + text[place + rng.randint(0, 40) :]
        elif kind == 2:
            text = text[:place] + rng.choice(string.printable) + text[place + 1 :]
        else:
            if kind == 3:
                lines[line] = f"{lines[line].split(':')[0]}: {rng.choice(pieces)}"
            elif kind == 4:
                del lines[line]
            elif kind == 5:
                lines.insert(line, rng.choice(lines))
            else:
                lines[line] = " " * rng.randint(0, 6) + lines[line].lstrip()
            text = "\n".join(lines)
    return text


LENGTHS = (b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80")


def damaged_bytes(rng, content):
    """A few bytes changed, lost, put in, or made a length that is too large, and the end cut off."""
    damaged = bytearray(content)
    for _ in range(rng.randint(1, 6)):
        if not damaged:
            break
        place = rng.randrange(len(damaged))
        kind = rng.randrange(8)
        if kind < 4:
            damaged[place] = rng.choice([0, 1, 127, 128, 255, rng.randrange(256)])
        elif kind == 4:
            del damaged[place:]
        elif kind == 5:
            del damaged[place : place + rng.randint(1, 50)]
        elif kind == 6:
            damaged[place:place] = rng.randbytes(rng.randint(1, 8))
        else:
            damaged[place : place + 4] = rng.choice(
                [b"\xff\xff\xff\xff", b"\0\0\0\0", b"\xff\xff\xff\x7f", b"\0\0\0\x80"]
            )
    return bytes(damaged)


def damaged_json(rng, value):
    """One value, somewhere, lost, doubled or another."""
    if isinstance(value, dict | list) and value and rng.random() < 0.9:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        kind = rng.random()
        if kind < 0.1:
            del value[key]
        elif kind < 0.15 and isinstance(value, list):
            value.append(value[key])
        else:
            value[key] = damaged_json(rng, value[key])
        return value
    if isinstance(value, str) and value and rng.random() < 0.6:
        place = rng.randrange(len(value))
        return (
            value[:place]
            + rng.choice(["", "o", "0", "P", "`", "../", "\0", "é", "~"])
            + value[place + rng.randint(0, 2) :]
        )
    return rng.choice(JSON_VALUES)
