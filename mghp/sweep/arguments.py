"""The argument list of a trial, to the letter that of `wandb agent`."""

import json
import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mghp.sweep.sweep_file import SweepFile

_ENVIRONMENT = re.compile(r"\$\{envvar:([A-Z0-9_]*)\}")


def argument_list(sweep: SweepFile, values: Mapping[str, Any], json_file: Path, is_shown: bool = False) -> list[str]:
    """Return the argument list that is executed for a trial.

    Args:
        sweep: with the command.
        values: the trial's, by outermost name.
        json_file: what `${args_json_file}` stands for.
        is_shown: whether it is for reading alone: what the environment holds, secrets too, then stays unnamed.

    Returns:
        The command, its macros replaced; one that W&B does not know vanishes, as there.
    """
    flags = {name: f"{name}={value}" for name, value in values.items()}
    macros = {
        "env": ["/usr/bin/env"],
        "interpreter": ["python"],
        "program": [sweep.program or ""],
        "args": [f"--{flag}" for flag in flags.values()],
        "args_no_hyphens": list(flags.values()),
        "args_no_equals": [word for name, value in values.items() for word in (f"--{name}", str(value))],
        "args_no_boolean_flags": [
            f"--{name}" if value is True else f"--{flags[name]}" for name, value in values.items() if value is not False
        ],
        "args_append_hydra": [f"+{flag}" for flag in flags.values()],
        "args_override_hydra": [f"++{flag}" for flag in flags.values()],
        "args_json": [json.dumps(dict(values))],
        "args_json_file": [str(json_file)],
    }
    words: list[str] = []
    for part in sweep.command:
        # A variable that is not set leaves its name behind.
        word = part if is_shown else _ENVIRONMENT.sub(lambda match: os.environ.get(match[1], match[1]), part)
        is_macro = word.startswith("${") and word.endswith("}") and not _ENVIRONMENT.search(word)
        words += macros.get(word[2:-1], []) if is_macro else [word]
    return words
