"""`mghp evaluate`: a checkpoint's scores, its oracles, and its best, typical and worst pictures, into a run folder."""

import dataclasses
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import torch

from mghp.config import Config, config_key, load_config
from mghp.data.batch import batches, collate
from mghp.data.pictures import check_pictures, load_tuning, load_validation
from mghp.data.resized import ResizedSamples, size_for
from mghp.data.sample import PictureSet, Sample, Samples
from mghp.data.true_fields import true_fields
from mghp.errors import InputError
from mghp.experiments.assembly_alone import run_assembly_alone
from mghp.experiments.limb_tuning import tuned_least_affinity
from mghp.experiments.oracles import ORACLES, with_oracle
from mghp.experiments.parsing_parts import load_module
from mghp.experiments.tracking import tracked
from mghp.inference.submission import SubmissionWriter, submission_writer
from mghp.inference.test_time import parse_picture, parsed_size
from mghp.metrics.breakdown import Breakdown
from mghp.metrics.parsing import parsing_metrics
from mghp.metrics.people import PredictedPeople
from mghp.metrics.per_picture import picture_scores
from mghp.modules.parsing import ParsingModule, true_people
from mghp.modules.pictures import people_panels, people_sheet
from mghp.report.pictures.canvas import Rgb
from mghp.report.pictures.png import write_png
from mghp.report.pictures.sheet import choose_examples
from mghp.run_folder import RunFolder, is_finished, run_path

Progress = Callable[[int, int, str], None]

_SCORED = "scored"
"""The people found in pictures of their own size, beside the oracles at the size they are parsed at."""

EXAMPLES = 3
"""Pictures of each kind, best, typical and worst, that are drawn."""


def run_evaluation(source: Path, overrides: Sequence[str], progress: Progress, adopt: bool = False) -> Path:
    """Evaluate on the validation pictures.

    Args:
        source: run folder of `mghp train`, a checkpoint, or an experiment file: then the fields are the true ones.
        overrides: `key=value` over the config, e.g. `matcher.name=hungarian`.
        progress: told how many pictures are done, of how many, and what runs.
        adopt: whether a finished evaluation of the same weights and settings will do.

    Returns:
        The run folder. Its metrics are `val/<score>`, `oracle/<which>/<score>`, `tag/<tag>/<score>` and the
        `assembly/min_affinity` of these scores, tuned where the config leaves it null; or, without a network,
        `assembly/<step>/<score>`. media/ gets per_picture.csv and sheets of examples.

    Raises:
        InputError: if there is no such checkpoint, or an override does not fit.
    """
    if source.suffix in (".yaml", ".yml"):
        config = load_config(source, overrides)
        check_pictures(config.data, to_train=False)
        return run_assembly_alone(config, load_validation(config.data, progress), progress)
    checkpoint = checkpoint_of(source)
    module, trained = load_module(checkpoint, [*overrides])
    config = dataclasses.replace(trained, experiment=f"{trained.experiment}_evaluation")
    check_pictures(config.data, to_train=False)
    validation = load_validation(config.data, progress)
    fingerprint = f"{validation.fingerprint} {_hash(checkpoint)}"
    if adopt and is_finished(run_path(config, fingerprint), config_key(config, fingerprint)):
        return run_path(config, fingerprint)
    folder = RunFolder(config, fingerprint)
    assembler = module.assembler
    with tracked(config, folder) as tracker:
        tuning = load_tuning(config.data, progress) if config.assembly.min_affinity is None else None
        if tuning is not None:
            with folder.timed("tune"):
                least = tuned_least_affinity(module, ResizedSamples(tuning, config.data.longest_side))
            assembler.config = dataclasses.replace(assembler.config, min_affinity=least)
        with folder.timed("evaluate"):
            submission = submission_writer(config.inference.submission, folder.path / "submission")
            metrics, pictures, breakdown = _examine(module, config, validation, submission, progress)
        breakdown.to_csv(folder.media / "breakdown.csv")
        metrics["assembly/min_affinity"] = float(assembler.config.min_affinity or 0.0)
        pictures.to_csv(folder.media / "per_picture.csv", index=False)
        for kind, chosen in choose_examples(pictures["person_iou"], EXAMPLES).items():
            shown = ResizedSamples(validation, config.data.longest_side)
            sheet = _sheet(module, shown, pictures.loc[chosen])
            write_png(folder.media / f"examples_{kind}.png", sheet)
            tracker.show(f"examples/{kind}", sheet)
        tracker.summarise(metrics)
    folder.finish(metrics)
    return folder.path


def checkpoint_of(source: Path) -> Path:
    """The checkpoint that a run folder ended with, or the file itself.

    Raises:
        InputError: if there is none.
    """
    if not source.is_dir():
        return source
    file = source / "checkpoints" / "last.ckpt"
    if not file.exists():
        raise InputError(f"{source}: no checkpoints/last.ckpt; expected a run of mghp train, or a checkpoint")
    return file


@torch.no_grad()
def _examine(
    module: ParsingModule,
    config: Config,
    validation: PictureSet,
    submission: SubmissionWriter | None,
    progress: Progress,
) -> tuple[dict[str, float], pd.DataFrame, pd.DataFrame]:
    """Scores of the set, with and without oracles, of each picture, and by part, number of persons and size.

    Scores are of the pictures as they are; oracles of the pictures at the size at which they are parsed.
    """
    people = module.assembler.people
    collections = {oracle: parsing_metrics(people, config.metrics) for oracle in (_SCORED, *ORACLES)}
    breakdown = Breakdown(people, config.metrics)
    rows: list[dict[str, Any]] = []
    resized = ResizedSamples(validation, config.data.longest_side)
    for first, batch in batches(resized, people.num_keypoints):
        fields = module.fields(batch.image)
        exact = true_fields(batch, people, vars(config.network.strides))
        at_size: list[PredictedPeople] = []
        for oracle in ORACLES:
            found = module.assembler(with_oracle(fields, exact, oracle))
            at_size = found if oracle == "predicted" else at_size
            for predicted, true in zip(found, true_people(batch), strict=True):
                collections[oracle].update(predicted, true)
        for position, predicted in enumerate(at_size):
            sample = validation[first + position]
            if not _is_parsed_as_it_is(sample, config):
                predicted = parse_picture(module, sample.image, config.inference, config.data.trained_side)
            true = true_people(collate([sample], people.num_keypoints))[0]
            collections[_SCORED].update(predicted, true)
            breakdown.update(predicted, true)
            tags = {"name": sample.name, "tags": " ".join(sample.tags)}
            rows.append(tags | picture_scores(predicted, true, people.num_labels))
            if submission is not None:
                submission.add(sample.name, predicted)
        progress(first + len(batch), len(validation), "evaluate")
    if submission is not None:
        submission.finish()
    pictures = pd.DataFrame(rows)
    metrics = {f"val/{name}": float(value) for name, value in collections.pop(_SCORED).compute().items()}
    for oracle, collection in collections.items():
        metrics |= {f"oracle/{oracle}/{name}": float(value) for name, value in collection.compute().items()}
    by_group = pd.DataFrame.from_dict(breakdown.compute(), orient="index").rename_axis("group")
    return metrics | _by_tag(pictures), pictures, by_group


def _is_parsed_as_it_is(sample: Sample, config: Config) -> bool:
    """Whether the oracles' fields, which are of the picture resized as in training, are already what is asked for."""
    size = sample.image.shape[0], sample.image.shape[1]
    return (
        size_for(*size, config.data.longest_side) == size
        and config.inference.scales == [1.0]
        and config.inference.tile is None
        and parsed_size(size, config.inference.longest_side or config.data.trained_side) == size
    )


def _by_tag(pictures: pd.DataFrame) -> dict[str, float]:
    """Mean of the pictures' person IoU with each tag, and without any."""
    tags = sorted({tag for line in pictures["tags"] for tag in line.split()})
    groups = {tag: pictures["tags"].str.split().apply(lambda line, tag=tag: tag in line) for tag in tags}
    groups["untagged"] = pictures["tags"] == ""
    metrics: dict[str, float] = {}
    for tag, members in groups.items():
        if members.any():
            metrics[f"tag/{tag}/person_iou"] = float(pictures.loc[members, "person_iou"].mean())
            metrics[f"tag/{tag}/pictures"] = int(members.sum())
    return metrics


@torch.no_grad()
def _sheet(module: ParsingModule, validation: Samples, chosen: pd.DataFrame) -> Rgb:
    people = module.assembler.people
    titles = [
        "{name}: person IoU {person_iou:.2f}, part mIoU {mean_iou:.2f}, grouping {grouping:.2f}; ".format_map(row)
        + (", ".join(row["tags"].split()).replace("_", "-") or "no tag")
        for row in chosen.to_dict("records")
    ]
    panels: list[Rgb] = []
    for index in chosen.index:  # one by one: they may differ in size
        batch = collate([validation[index]], people.num_keypoints)
        fields = module.fields(batch.image)
        panels += people_panels(batch, module.assembler(fields), fields, people)
    return people_sheet(panels, people, titles)


def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:10]
