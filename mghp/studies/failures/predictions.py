"""Failures in predictions that were read from files: the kind per person, without a cause."""

from collections import Counter
from pathlib import Path

from mghp.config.schema import Config
from mghp.evaluation.predictions import PredictedPictures
from mghp.metrics.failure_kinds import KINDS, person_kinds
from mghp.parsing.batch import collate
from mghp.progress import Progress
from mghp.runs.folder import git_commit
from mghp.studies.failures.cases import CaseWriter, shown_pictures
from mghp.studies.failures.causes import Diagnosis
from mghp.training.parsing_module import true_persons


def judge_predictions(pictures: PredictedPictures, config: Config, run: Path, progress: Progress) -> dict[str, float]:
    """Judge every person; write the cases and their pictures, from which `mghp gallery` makes a page.

    What fields were predicted is not known, so that none can be replaced by the true one: cases have no cause.

    Args:
        pictures: with their predictions.
        config: of the run; `evaluation.failure_cases` and `failure_pictures` bound what is shown, not what is counted.
        run: the run folder.
        progress: told the pictures done.

    Returns:
        Metrics `kinds/<kind>`, numbers of persons, and `kinds/persons`, all true ones.
    """
    anatomy = pictures.anatomy
    shown = shown_pictures(config.evaluation, pictures.pictures.names)
    cases = CaseWriter(run, anatomy, config.evaluation.failure_cases, shown)
    counts = Counter[str]()
    for index in range(len(pictures)):
        sample, predicted = pictures[index]
        true = true_persons(collate([sample], anatomy.num_keypoints))[0]
        diagnoses = [Diagnosis(verdict) for verdict in person_kinds(predicted, true, anatomy)]
        counts.update(diagnosis.verdict.kind for diagnosis in diagnoses)
        counts["persons"] += sum(diagnosis.verdict.true_person is not None for diagnosis in diagnoses)
        cases.add(sample, diagnoses, predicted, true, lambda *_: [])
        progress(index + 1, len(pictures), "find failures")
    about = {"experiment": config.experiment, "variant": config.variant, "seed": config.seed}
    cases.finish({**about, "commit": git_commit()[0], "set": pictures.pictures.fingerprint})
    return {f"kinds/{name}": counts[name] for name in ("persons", *KINDS)}
