"""Run folders of ablations with made-up scores: just what tables, figures and answers take from a training."""

import json

import numpy as np
import pandas as pd
import yaml

from mghp.runs.read import Run
from mghp.studies.parsing.tables import ORACLES, SCORES
from mghp.studies.rotation.tables import PLAIN

PICTURES = 40


def plant(
    folder, experiment, variant, seed, score, *, angle=0.0, scenes=("hard",), steps=100, noise=0.02, metrics=None
):
    """A finished training.

    Args:
        folder: of all runs.
        experiment: components, rotation, or another.
        variant: of the experiment.
        seed: of the run; pictures differ alike with all seeds and variants.
        score: all scores in [0, 1], or one by the scene's name, "" for the validation pictures.
        angle: of the rotation.
        scenes: further scenes.
        steps: of the training.
        noise: of each picture with each training.
        metrics: that differ.
    """
    name = f"{variant}-{angle:g}-{steps}-{seed}"
    run = folder / experiment / name
    (run / "media").mkdir(parents=True)
    rng = np.random.default_rng(abs(hash_of(name)))
    by_scene = {scene: score if not isinstance(score, dict) else score[scene] for scene in ("", *scenes)}
    pictures = {scene: _pictures(rng, scene, value, noise) for scene, value in by_scene.items()}
    pictures[""].to_csv(run / "media" / "per_picture.csv", index=False)
    rows = [
        pictures[scene].assign(scene=scene, oracle=oracle) for scene in scenes for oracle in ("predicted", "true_parts")
    ]
    pd.concat(rows).to_csv(run / "media" / "scenes.csv", index=False)
    found = {"train/steps": steps, "time/train_seconds": 60}
    for oracle in ORACLES:
        found |= {f"oracle/{oracle}/{name}": by_scene[""] + 0.1 * (oracle != "predicted") for name in SCORES}
    for matcher in ("hungarian", "greedy"):
        found |= {f"matcher/{matcher}/{name}": by_scene[""] for name in SCORES}
    for scene, value in by_scene.items():
        found |= {(f"scene/{scene}/{name}" if scene else f"val/{name}"): value for name in SCORES}
        found |= (
            {f"scene/{scene}/true_parts/{name}": value for name in ("grouping", "grouping_overlap")} if scene else {}
        )
    config = {
        "data": {"name": "synthetic", "synthetic": {"scene": "default"}, "augmentation": {"rotation": angle}},
        "trainer": {"max_steps": steps},
    }
    (run / "config.yaml").write_text(yaml.safe_dump(config))
    content = {"experiment": experiment, "variant": variant, "seed": seed, "commit": "abc", "key": name}
    (run / "result.json").write_text(json.dumps({**content, "metrics": found | (metrics or {})}))
    return Run(run)


def hash_of(text):
    """The same in every process, unlike hash()."""
    return sum(ord(letter) * 31**place for place, letter in enumerate(text)) % 2**32


def plant_components(folder, scores, seeds=3, spread=0.002, **options):
    """Trainings of `scores`: variant to score; seeds differ by `spread`, half of it shared by all variants."""
    return [
        plant(
            folder,
            "components",
            variant,
            seed,
            score + spread * (seed + 0.5 * np.sin(hash_of(variant) + seed)),
            **options,
        )
        for variant, score in scores.items()
        for seed in range(seeds)
    ]


def plant_rotations(folder, scores, seeds=3, rotations=PLAIN, **options):
    """Trainings of `scores`: angle to score by test set; seeds differ a little."""
    scenes = tuple(scene for scene in rotations.test_sets if scene)
    runs = []
    for angle, of_sets in scores.items():
        for seed in range(seeds):
            by_scene = {scene: value + 0.002 * np.sin(angle + seed) for scene, value in of_sets.items()}
            runs.append(plant(folder, rotations.experiment, "", seed, by_scene, angle=angle, scenes=scenes, **options))
    return runs


def _pictures(rng, scene, value, noise):
    shared = np.random.default_rng(hash_of(scene)).normal(0, 0.1, PICTURES)
    shared -= shared.mean()
    own = rng.normal(0, noise, PICTURES)
    scores = value + shared + own - own.mean()
    tags = ["overlap" if picture % 2 else "" for picture in range(PICTURES)]
    names = [f"{scene or 'default'}_{picture}" for picture in range(PICTURES)]
    return pd.DataFrame({"name": names, "tags": tags, "person_iou": scores, "grouping": scores})
