"""The run that a trial is: its key and its run folder, known before anything is started.

A trial of `mghp match` or `mghp train` is the run that the same command by hand would be, so that each adopts what the
other has finished. Any other command is known by its words.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import dropwhile
from pathlib import Path
from typing import Any

from mghp.config.data import DataConfig
from mghp.config.identity import config_key
from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.datasets.pictures import training_fingerprint
from mghp.problems.load import featured_fingerprint, problems_fingerprint
from mghp.runs.folder import result_of, run_path


@dataclass(frozen=True)
class Identity:
    """The run of a trial.

    Attributes:
        key: equal for equal runs.
        folder: its run folder.
        writes_key: whether its result.json says the key.
    """

    key: str
    folder: Path
    writes_key: bool

    def result(self) -> dict[str, Any] | None:
        """Return the content of the run's result.json; None where there is none of this key."""
        content = result_of(self.folder)
        if not isinstance(content.get("metrics"), dict):
            return None
        return content if not self.writes_key or content.get("key") == self.key else None


class Identifier:
    """Tells the run of each trial; data that several trials share are read once.

    Args:
        others: folder under which commands other than ours have their run folders.
    """

    def __init__(self, others: Path) -> None:
        self._others = others
        self._of_problems = once_per_data(problems_fingerprint)
        self._of_featured = once_per_data(featured_fingerprint)
        self._of_pictures = once_per_data(training_fingerprint)

    def __call__(self, command: list[str]) -> Identity:
        """Return the run of a command.

        Raises:
            InputError: if it is ours and its config or its data are faulty.
        """
        ours = _mghp_words(command)
        if ours is None:
            key = hashlib.sha256(json.dumps(command).encode()).hexdigest()[:16]
            return Identity(key, self._others / key[:10], writes_key=False)
        subcommand, experiment, *overrides = ours
        config = load_config(experiment, overrides)
        fingerprint = self._fingerprint(subcommand, config)
        return Identity(config_key(config, fingerprint), run_path(config, fingerprint), writes_key=True)

    def _fingerprint(self, subcommand: str, config: Config) -> str:
        if subcommand == "match":
            return self._of_problems(config)
        return (self._of_featured if config.data.dataset.teaches_scores else self._of_pictures)(config)


def once_per_data(fingerprint: Callable[[DataConfig], str]) -> Callable[[Config], str]:
    """Return the function from a config to its data's fingerprint that computes the fingerprint of equal data once."""
    known: dict[str, str] = {}

    def of_config(config: Config) -> str:
        data = repr(config.data)
        if data not in known:
            known[data] = fingerprint(config.data)
        return known[data]

    return of_config


def without_env(command: list[str]) -> list[str]:
    """Return a command without a leading `env` and what it sets."""
    if not command or Path(command[0]).name != "env":
        return command
    return list(dropwhile(lambda word: "=" in word, command[1:]))


def _mghp_words(command: list[str]) -> list[str] | None:
    """Return subcommand, file and overrides of `[env] mghp match|train FILE KEY=VALUE...`; None for all else."""
    words = without_env(command)
    is_ours = len(words) > 2 and Path(words[0]).name == "mghp" and words[1] in ("match", "train")
    return words[1:] if is_ours and not any(word.startswith("-") for word in words) else None
