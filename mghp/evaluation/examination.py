"""What an evaluation examines: scores, oracles, other matchers, other scenes, groups of pictures and persons."""

import dataclasses
from functools import partial
from typing import Any

import pandas as pd
import torch

from mghp.anatomy.anatomy import Anatomy
from mghp.anatomy.persons import PredictedPersons, TruePersons
from mghp.config.evaluation import OWNER_ORACLES
from mghp.config.schema import Config
from mghp.datasets.pictures import load_tuning
from mghp.datasets.resized import ResizedSamples, size_for
from mghp.datasets.sample import PictureSet, Sample
from mghp.datasets.submission import SubmissionWriter
from mghp.datasets.synthetic.dataset import load_scene
from mghp.evaluation.oracles import persons_with_oracle, truth_of
from mghp.evaluation.seconds import parsing_seconds
from mghp.evaluation.sides_by_coin import SIDES_BY_COIN, with_sides_by_coin
from mghp.evaluation.tally import Tally, named_scores
from mghp.evaluation.tuning import tuned_center_threshold, tuned_least_affinity, widened
from mghp.evaluation.ways import parse_sample
from mghp.inference.test_time import parsed_size
from mghp.matching import make_matcher
from mghp.metrics.owners import owner_counts
from mghp.metrics.parsing import parsing_metrics, scores_of_picture
from mghp.metrics.subsets import pose_group
from mghp.parsing.batch import batches
from mghp.progress import Progress
from mghp.training.parsing_module import ParsingModule, true_persons

_OF_SCENES = ("predicted", "true_parts")
"""The oracles of further scenes: end to end, and with true parts, where only the grouping of pixels counts."""


def take_matcher(module: ParsingModule, config: Config) -> None:
    """Put the matcher of `evaluation.matcher` in the trained one's place, if there is one."""
    name = config.evaluation.matcher
    if name is not None:
        module.assembler.matcher = make_matcher(name, **config.matcher.options(name))


def tune(module: ParsingModule, config: Config, progress: Progress) -> dict[str, float]:
    """Tune thresholds as `evaluation.tuning` says, on pictures of their own, where there are any.

    Returns:
        Metrics of the tuning over grids that widen.
    """
    keys = _tuned_keys(config)
    tuning = load_tuning(config.data, progress) if keys else None
    if tuning is None:
        return {}
    samples = ResizedSamples(tuning, config.data.longest_side)
    widens = keys if config.evaluation.tuning == "widened" else [key for key in keys if key == "unmatched_price"]
    fixed, score = set(keys).difference(widens), config.evaluation.tuned_for
    found = widened(module, samples, widens, score) if widens else {}
    _set(module, **{key: threshold.value for key, threshold in found.items()})
    if "min_affinity" in fixed:
        _set(module, min_affinity=tuned_least_affinity(module, samples, score=score))
    if "center_threshold" in fixed:
        _set(module, center_threshold=tuned_center_threshold(module, samples, score=score))
    return {name: value for key, threshold in found.items() for name, value in threshold.metrics(key).items()}


def _tuned_keys(config: Config) -> list[str]:
    """Return the thresholds that are tuned, by their keys in `assembly`: none that the config gives but one.

    The least confidence of a peak can't be null, and is tuned whenever grids widen.
    """
    asked = config.assembly
    keys = [key for key in ("unmatched_price", "min_affinity") if getattr(asked, key) is None]
    if asked.finds_centers:
        return keys + (["center_threshold"] if asked.center_threshold is None else [])
    return keys + (["peak_threshold"] if config.evaluation.tuning == "widened" else [])


def _set(module: ParsingModule, **thresholds: float) -> None:
    assembler = module.assembler
    assembler.config = dataclasses.replace(assembler.config, **thresholds)  # type: ignore[arg-type]


@torch.no_grad()
def examine(
    module: ParsingModule,
    config: Config,
    validation: PictureSet,
    submission: SubmissionWriter | None,
    progress: Progress,
) -> tuple[dict[str, float], Tally, pd.DataFrame]:
    """Score the set with and without oracles, each picture, and groups by part, number of persons and size.

    Scores hold for the pictures at their own size, oracles for the pictures at the parsed size. Beside the oracle
    `all_true` stands `sides_by_coin` where the pictures' cues are known: all true but for sides that no picture shows.

    Returns:
        Metrics; the tally of the predictions; and a row per picture and oracle, if one of `OWNER_ORACLES` is asked for.
    """
    anatomy, assembler = module.assembler.anatomy, module.assembler
    oracles = list(dict.fromkeys(["predicted", *config.evaluation.oracles]))
    tosses = "all_true" in oracles and len(validation) > 0 and validation[0].cues is not None
    scored = [*oracles, SIDES_BY_COIN] if tosses else oracles
    collections = {name: parsing_metrics(anatomy, config.metrics) for name in scored}
    tally = Tally(anatomy, config.metrics, config.evaluation.baselines)
    rows: list[dict[str, Any]] = []
    resized = ResizedSamples(validation, config.data.longest_side)
    for first, batch in batches(resized, anatomy.num_keypoints):
        fields = module.fields(batch.image)
        truth, true = truth_of(batch, anatomy, config), true_persons(batch)
        samples = [validation[first + position] for position in range(len(batch))]
        at_size: list[PredictedPersons] = []
        for name in scored:
            if name == SIDES_BY_COIN:
                by_coin = truth_of(with_sides_by_coin(batch, anatomy), anatomy, config)
                found = persons_with_oracle(assembler, fields, by_coin, "all_true")
            else:
                found = persons_with_oracle(assembler, fields, truth, name)
            at_size = found if name == "predicted" else at_size
            for picture in zip(samples, found, true, strict=True):
                collections[name].update(*picture[1:])
                if _owner_oracles(config):
                    rows.append(_owner_row(name, *picture, anatomy))
        for sample, predicted in zip(samples, at_size, strict=True):
            parse = partial(parse_sample, module, sample, config)
            if not _is_parsed_as_it_is(sample, config):
                predicted = parse()
            repeats = config.evaluation.timing_repeats
            tally.add(sample, predicted, parsing_seconds(module, parse, repeats) if repeats else {})
            if submission is not None:
                submission.add(sample.name, predicted)
        progress(first + len(batch), len(validation), "evaluate")
    if submission is not None:
        submission.finish()
    metrics = tally.metrics() | {"assembly/min_affinity": float(assembler.config.min_affinity or 0.0)}
    for name, collection in collections.items():
        metrics |= named_scores(f"oracle/{name}", collection)
    if assembler.config.finds_centers:
        metrics["assembly/center_threshold"] = float(assembler.center_threshold)
    return metrics, tally, pd.DataFrame(rows)


@torch.no_grad()
def examine_matchers(
    module: ParsingModule, config: Config, validation: PictureSet, progress: Progress
) -> dict[str, float]:
    """Score each matcher of `evaluation.matchers` in the trained one's place, as `matcher/<name>/<score>`."""
    assembler = module.assembler
    trained = assembler.matcher
    metrics: dict[str, float] = {}
    try:
        for name in config.evaluation.matchers:
            assembler.matcher = make_matcher(name, **config.matcher.options(name))
            scores = parsing_metrics(assembler.anatomy, config.metrics)
            resized = ResizedSamples(validation, config.data.longest_side)
            for first, batch in batches(resized, assembler.anatomy.num_keypoints):
                for predicted, true in zip(assembler(module.fields(batch.image)), true_persons(batch), strict=True):
                    scores.update(predicted, true)
                progress(first + len(batch), len(validation), f"evaluate {name}")
            metrics |= named_scores(f"matcher/{name}", scores)
    finally:
        assembler.matcher = trained
    return metrics


@torch.no_grad()
def examine_scenes(module: ParsingModule, config: Config, progress: Progress) -> tuple[dict[str, float], pd.DataFrame]:
    """Score further scenes of rendered persons.

    Returns:
        Metrics `scene/<scene>/<score>` end to end, and `scene/<scene>/<oracle>/<score>` with true parts and by the
        `OWNER_ORACLES` asked for. With true parts there are `grouping_overlap` and `grouping_apart` too, means over
        pictures with and without overlapping persons. And a row per picture and oracle.
    """
    anatomy = module.assembler.anatomy
    oracles = [*_OF_SCENES, *_owner_oracles(config)]
    metrics: dict[str, float] = {}
    rows: list[dict[str, Any]] = []
    for scene in config.evaluation.scenes:
        pictures = load_scene(config.data, scene, config.evaluation.scene_pictures, progress)
        collections = {oracle: parsing_metrics(anatomy, config.metrics) for oracle in oracles}
        for first, batch in batches(pictures, anatomy.num_keypoints):
            fields = module.fields(batch.image)
            truth, true = truth_of(batch, anatomy, config), true_persons(batch)
            found = {oracle: persons_with_oracle(module.assembler, fields, truth, oracle) for oracle in oracles}
            for oracle, of_pictures in found.items():
                for position, predicted in enumerate(of_pictures):
                    collections[oracle].update(predicted, true[position])
                    sample = pictures[first + position]
                    rows.append({"scene": scene, **_row(oracle, sample, predicted, true[position], anatomy)})
            progress(first + len(batch), len(pictures), f"evaluate scene {scene}")
        for oracle, collection in collections.items():
            metrics |= named_scores(
                f"scene/{scene}" if oracle == "predicted" else f"scene/{scene}/{oracle}", collection
            )
    table = pd.DataFrame(rows)
    if len(table):
        with_parts = table[table["oracle"] == "true_parts"]
        kind = with_parts["tags"].str.split().map(lambda tags: "overlap" if "overlap" in tags else "apart")
        for (of_scene, name), grouping in with_parts.groupby(["scene", kind])["grouping"]:
            metrics[f"scene/{of_scene}/true_parts/grouping_{name}"] = float(grouping.mean())
    return metrics, table


def _owner_oracles(config: Config) -> list[str]:
    return [oracle for oracle in dict.fromkeys(config.evaluation.oracles) if oracle in OWNER_ORACLES]


def _row(
    oracle: str, sample: Sample, predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy
) -> dict[str, Any]:
    known = {"oracle": oracle, "name": sample.name, "tags": " ".join(sample.tags)}
    return known | scores_of_picture(predicted, true, anatomy)


def _owner_row(
    oracle: str, sample: Sample, predicted: PredictedPersons, true: TruePersons, anatomy: Anatomy
) -> dict[str, Any]:
    """Return a picture's row with the counts that owner accuracy is pooled from, which are over crowds."""
    counts = {"group": pose_group(true) or "", **owner_counts(predicted, true)._asdict()}
    return _row(oracle, sample, predicted, true, anatomy) | counts


def _is_parsed_as_it_is(sample: Sample, config: Config) -> bool:
    """Return True if the oracles' pictures, resized as in training, already are those to be scored."""
    size = sample.image.shape[0], sample.image.shape[1]
    return (
        config.evaluation.way == "bottom_up"
        and size_for(*size, config.data.longest_side) == size
        and config.inference.scales == [1.0]
        and config.inference.tile is None
        and parsed_size(size, config.inference, config.data.trained_side) == size
    )
