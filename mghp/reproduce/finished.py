"""Finished runs that a reproduction adopts: the user's own, and those that are committed with the project."""

from pathlib import Path

from mghp.config.identity import config_key
from mghp.config.schema import Config
from mghp.runs.checkout import ROOT
from mghp.runs.folder import is_finished, result_of, run_path
from mghp.runs.places import experiment_folders, files_below

COMMITTED = ROOT / "analysis" / "results" / "runs"
"""Runs of the standard profile, an archive an experiment: config.yaml, result.json, and what reports are made of."""


def finished_run(config: Config, fingerprint: str, adopts_committed: bool = True) -> Path | None:
    """Return the folder of a run that has ended with these settings on these data; None where there is none.

    It lies in `config.runs`, else among the committed.

    Args:
        config: the whole.
        fingerprint: of the data.
        adopts_committed: whether it may be one of the committed.
    """
    own, key = run_path(config, fingerprint), config_key(config, fingerprint)
    committed = experiment_folders(COMMITTED, config.experiment) if adopts_committed else ()
    for folder in (own, *(runs / own.name for runs in committed)):
        if is_finished(folder, key):
            return folder
    return None


def committed_fingerprint(config: Config, pictures: str) -> str | None:
    """Return the fingerprint of a committed run with these settings on these pictures; None where there is none.

    It tells the digest of the weights too, which are not committed themselves.
    """
    for runs in experiment_folders(COMMITTED, config.experiment):
        for file in files_below(runs, "result.json"):
            fingerprint = str(result_of(file.parent).get("data_fingerprint"))
            if fingerprint.startswith(f"{pictures} ") and is_finished(file.parent, config_key(config, fingerprint)):
                return fingerprint
    return None
