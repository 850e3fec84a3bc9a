"""`mghp evaluate`: a checkpoint's scores, its oracles, and its best, typical and worst pictures, into a run folder."""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mghp.anatomy.anatomy import Anatomy
from mghp.config.load import load_config
from mghp.config.schema import Config
from mghp.datasets.pictures import check_pictures, load_validation, with_tuning
from mghp.datasets.resized import ResizedSamples
from mghp.datasets.sample import PictureSet, Samples
from mghp.datasets.submission import SubmissionWriter, submission_writer
from mghp.evaluation.assembly_alone import run_assembly_alone
from mghp.evaluation.examination import examine, examine_matchers, examine_scenes, take_matcher, tune
from mghp.evaluation.limb_pairs import examine_limbs
from mghp.parsing.batch import collate
from mghp.parsing.checkpoint_places import checkpoint_to_use
from mghp.pictures.canvas import Rgb
from mghp.pictures.png import write_png
from mghp.pictures.sheet import choose_examples
from mghp.progress import Progress
from mghp.runs.csv_cells import write_frame
from mghp.runs.folder import RunFolder
from mghp.runs.tracking import Tracker, tracked
from mghp.training.build import load_module
from mghp.training.parsing_module import ParsingModule
from mghp.training.validation_pictures import people_panels, people_sheet

EXAMPLES = 3
"""The number of drawn pictures of each kind: best, typical and worst."""


def run_evaluation(source: Path, overrides: Sequence[str], progress: Progress) -> Path:
    """Evaluate on the validation pictures.

    Args:
        source: run folder of `mghp train`, a checkpoint, or an experiment file, which is evaluated with true fields.
        overrides: `key=value` over the config, e.g. `matcher.name=hungarian`.
        progress: told the pictures done, the total and the step.

    Returns:
        The run folder, with metrics `val/<score>`, `oracle/<which>/<score>`, `tag/<tag>/<score>` and the
        `assembly/<threshold>` of these scores, tuned as `evaluation.tuning` says; without a network,
        `assembly/<step>/<score>`. media/ gets per_picture.csv and sheets of examples.

    Raises:
        InputError: if there is no such checkpoint, or an override does not fit.
    """
    if source.suffix in (".yaml", ".yml"):
        config = load_config(source, overrides)
        check_pictures(config.data, to_train=False)
        return run_assembly_alone(config, load_validation(config.data, progress), progress)
    module, trained, validation, fingerprint = load_trained(source, overrides, progress)
    config = dataclasses.replace(trained, experiment=f"{trained.experiment}_evaluation")
    folder = RunFolder(config, fingerprint)
    with tracked(config, folder) as tracker:
        take_matcher(module, config)
        with folder.timed("tune"):
            tuned = tune(module, config, progress)
        with folder.timed("evaluate"):
            submission = submission_writer(config.inference.submission, folder.path / "submission")
            metrics, pictures = examine_into(folder, module, config, validation, submission, progress)
            metrics |= tuned
        shown = ResizedSamples(validation, config.data.longest_side)
        show_examples(folder, tracker, pictures, module.assembler.anatomy, partial(_panels, module, shown))
        tracker.tabulate("pictures", pictures)
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


def load_trained(
    source: Path, overrides: Sequence[str], progress: Progress
) -> tuple[ParsingModule, Config, PictureSet, str]:
    """Load a trained module, its config and validation pictures, and the fingerprint of pictures and weights.

    Raises:
        InputError: if there is no such checkpoint, or an override does not fit.
    """
    checkpoint = checkpoint_to_use(source)
    module, config = load_module(checkpoint, overrides)
    check_pictures(config.data, to_train=False)
    validation = load_validation(config.data, progress)
    pictures = with_tuning(validation.fingerprint, config.data, progress)
    return module, config, validation, f"{pictures} {weights_hash(checkpoint)}"


def examine_into(
    folder: RunFolder,
    module: ParsingModule,
    config: Config,
    validation: PictureSet,
    submission: SubmissionWriter | None,
    progress: Progress,
) -> tuple[dict[str, float], pd.DataFrame]:
    """Examine scores, matchers, pairs and scenes; tables go to media/.

    Returns:
        Metrics, and a row per picture.
    """
    metrics, tally, by_oracle = examine(module, config, validation, submission, progress)
    tally.write(folder)
    if len(by_oracle):
        write_frame(by_oracle, folder.media / "oracles.csv")
    metrics |= examine_matchers(module, config, validation, progress)
    if config.evaluation.limb_pairs:
        of_limbs, pairs = examine_limbs(module, config, validation, progress)
        metrics |= of_limbs
        write_frame(pairs, folder.media / "limb_pairs.csv")
    of_scenes, by_picture = examine_scenes(module, config, progress)
    if len(by_picture):
        write_frame(by_picture, folder.media / "scenes.csv")
    return metrics | of_scenes, tally.pictures


def show_examples(
    folder: RunFolder, tracker: Tracker, pictures: pd.DataFrame, anatomy: Anatomy, panels: Callable[[int], list[Rgb]]
) -> None:
    """Draw sheets of the best, typical and worst pictures into media/, and track them.

    Args:
        folder: of the run.
        tracker: of the run.
        pictures: scores, a row per picture.
        anatomy: parts and skeleton of the dataset.
        panels: draws the picture of a row.
    """
    for kind, chosen in choose_examples(pictures["person_iou"], EXAMPLES).items():
        if not chosen:  # without masks no picture has a score to be chosen by
            continue
        titles = [_title(row) for row in pictures.loc[chosen].to_dict("records")]
        sheet = people_sheet([panel for index in chosen for panel in panels(index)], anatomy, titles)
        write_png(folder.media / f"examples_{kind}.png", sheet)
        tracker.show(f"examples/{kind}", sheet)


def _title(row: dict[Any, Any]) -> str:
    scores = "{name}: person IoU {person_iou:.2f}, part mIoU {mean_iou:.2f}, grouping {grouping:.2f}; ".format_map(row)
    return scores + (", ".join(row["tags"].split()).replace("_", "-") or "no tag")


@torch.no_grad()
def _panels(module: ParsingModule, validation: Samples, index: int) -> list[Rgb]:
    anatomy = module.assembler.anatomy
    batch = collate([validation[index]], anatomy.num_keypoints)
    fields = module.fields(batch.image)
    return people_panels(batch, module.assembler(fields), fields, anatomy)


def weights_hash(file: Path) -> str:
    """Return a hash of a checkpoint's file, by which results of other weights are told apart."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]
