"""Finding the failures of a trained parser: the kind and cause per person, into a run folder."""

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import torch

from mghp.config.identity import config_key
from mghp.config.schema import Config
from mghp.datasets.resized import ResizedSamples
from mghp.datasets.sample import PictureSet
from mghp.evaluation.evaluate import load_trained
from mghp.evaluation.examination import tune
from mghp.evaluation.oracles import truth_of
from mghp.gallery.cases import CAUSES, FILE
from mghp.metrics.failure_kinds import KINDS
from mghp.parsing.batch import batches
from mghp.progress import Progress
from mghp.runs.folder import RunFolder, git_commit, is_finished, run_path
from mghp.runs.tracking import tracked
from mghp.studies.failures.cases import CaseWriter, shown_pictures
from mghp.studies.failures.causes import Diagnosis, diagnose
from mghp.studies.failures.limbs import LimbsOfBatch
from mghp.training.parsing_module import ParsingModule, true_persons


def run_failures(source: Path, overrides: Sequence[str], progress: Progress) -> Path:
    """Find the failures in the validation pictures, into a run folder.

    Args:
        source: run folder of `mghp train`, a checkpoint, or `shipped`: the weights that come with the package.
        overrides: `key=value` over the config, e.g. `data.synthetic.scene=crossing` for another scene's pictures.
        progress: told how many pictures are done, of how many, and what runs.

    Returns:
        The run folder of the experiment `<experiment>_failures`, that of a finished run of the same weights and
        settings where there is one. Cases and pictures lie in media/failures/, a row a person in media/failures.csv.
        The metrics are numbers of persons: `failures/<kind>`, `failures/cause/<cause>`, `failures/<kind>/<cause>`, and
        `failures/persons`, all true ones.

    Raises:
        InputError: if there is no such checkpoint, or an override does not fit.
    """
    module, trained, validation, fingerprint = load_trained(source, overrides, progress)
    fingerprint += _list_digest(trained, validation)
    config = dataclasses.replace(trained, experiment=f"{trained.experiment}_failures")
    path = run_path(config, fingerprint)
    # Of a run that was kept without its media the numbers alone are there.
    if is_finished(path, config_key(config, fingerprint)) and (path / FILE).is_file():
        return path
    folder = RunFolder(config, fingerprint)
    with tracked(config, folder) as tracker:
        with folder.timed("tune"):
            tuned = tune(module, config, progress)
        with folder.timed("failures"):
            metrics = tuned | find_failures(module, trained, validation, folder.path, progress)
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


@torch.no_grad()
def find_failures(
    module: ParsingModule, config: Config, validation: PictureSet, run: Path, progress: Progress
) -> dict[str, float]:
    """Judge every person of a set; write the cases and their pictures.

    Pictures are parsed at the size that `inference.longest_side` or else the training says, once and whole: only there
    can true fields take others' place.

    Args:
        module: trained module with tuned thresholds.
        config: config of the training; `evaluation.failure_cases` and `failure_pictures` bound what is shown, not what
            is counted.
        validation: pictures with their labels.
        run: folder of the run.
        progress: told how many pictures are done.

    Returns:
        Metrics, see `run_failures`.
    """
    assembler = module.assembler
    anatomy = assembler.anatomy
    shown = shown_pictures(config.evaluation, validation.names)
    cases = CaseWriter(run, anatomy, config.evaluation.failure_cases, shown)
    counts = Counter[str]()
    resized = ResizedSamples(validation, config.inference.longest_side or config.data.longest_side)
    for first, batch in batches(resized, anatomy.num_keypoints):
        fields = module.fields(batch.image)
        exact = truth_of(batch, anatomy, config).fields
        found, true = assembler(fields), true_persons(batch)
        limbs = LimbsOfBatch(fields, batch, assembler)
        for row, diagnoses in enumerate(diagnose(fields, exact, assembler, found, true)):
            counts.update(name for diagnosis in diagnoses for name in _counted(diagnosis))
            cases.add(resized[first + row], diagnoses, found[row], true[row], partial(limbs.of_person, row))
        progress(first + len(batch), len(validation), "find failures")
    commit, _ = git_commit()
    about = {"experiment": config.experiment, "variant": config.variant, "seed": config.seed, "commit": commit}
    cases.finish({**about, "set": validation.fingerprint})
    return {f"failures/{name}": counts[name] for name in _names()}


def _list_digest(config: Config, validation: PictureSet) -> str:
    """Return what the fingerprint gets of the list `evaluation.failure_pictures`, of which the config has the name."""
    if config.evaluation.failure_pictures is None:
        return ""
    names = "\n".join(sorted(shown_pictures(config.evaluation, validation.names)))
    return f" {hashlib.sha256(names.encode()).hexdigest()[:10]}"


def _counted(diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the names of the counts to which a person adds one."""
    verdict = diagnosis.verdict
    yield verdict.kind
    if verdict.true_person is not None:
        yield "persons"
    if diagnosis.cause is not None:
        yield f"cause/{diagnosis.cause}"
        yield f"{verdict.kind}/{diagnosis.cause}"


def _names() -> Iterator[str]:
    """Yield the names of all counts: what does not occur is 0, not absent."""
    yield from ("persons", *KINDS)
    for cause in CAUSES:
        yield f"cause/{cause}"
        yield from (f"{kind}/{cause}" for kind in KINDS if kind != "right")
