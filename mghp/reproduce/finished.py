"""Finished runs that a reproduction adopts: the user's own, and those that are committed with the project."""

from pathlib import Path

from mghp.config.identity import config_key
from mghp.config.schema import Config
from mghp.runs.checkout import ROOT
from mghp.runs.folder import is_finished, run_path

COMMITTED = ROOT / "analysis" / "results" / "runs"
"""Run folders of the standard profile: config.yaml, result.json, metrics.csv, and what tables are computed from."""


def finished_run(config: Config, fingerprint: str) -> Path | None:
    """The folder of a run that has ended with these settings on these data: in `config.runs`, else among the committed.

    Args:
        config: the whole.
        fingerprint: of the data.
    """
    own, key = run_path(config, fingerprint), config_key(config, fingerprint)
    for folder in (own, COMMITTED / config.experiment / own.name):
        if is_finished(folder, key):
            return folder
    return None
