"""The page of words, those of the report and those of the field."""

from mghp.report.page.glossary import GLOSSARY

FIELD = {
    "part": "the class of a pixel that belongs to a body, e.g. left lower arm, or a piece of clothing",
    "keypoint": "a place of the body that is one point, e.g. the left elbow",
    "limb": "an ordered pair of keypoint types, from a source to a destination, e.g. from shoulder to elbow",
    "candidate": "a place in a picture that may be a keypoint of a type, mostly a peak of its heatmap",
    "affinity": "the score of a pair of candidates, by a line integral or learned: larger says that they are more "
    "likely one person's limb",
    "assignment": "how much each source candidate belongs to each destination candidate, soft or of zeros and ones",
    "matcher": "what makes an assignment of affinities",
    "person": "one human being in a picture, with a number in the map of persons; also called an instance",
    "anatomy": "the parts, keypoints and limbs that a dataset knows, with their names, colours and mirror images",
    "projection field": "a vector at every pixel of a body, which points to a keypoint of the pixel's own person",
    "projection": "the Euclidean one: the point of a set that is closest to a given point",
    "fields": "what the network predicts at every cell: parts, heatmaps, limb fields and the projection field",
    "experiment": "a YAML file that sets keys and opens with the question it asks",
    "variant": "a named set of further keys in an experiment file",
    "run": "one finished command with its settings and results, in a folder of its own",
    "`EXPERIMENT`, `RUN`, `KEY`": "what a reader puts in: the run folder is `runs/EXPERIMENT/RUN`, which each command "
    "prints when it ends, and `RUN` is the run's [key](../reference/run-folder.md#the-key), after the variant if there "
    "is one",
    "trial": "one run of a sweep",
}  # fmt: skip
"""The words that every page uses."""

NAMES = {
    "`coco_persons`": "in a column of pictures, photographs of COCO val2017; in a column of parsers, the first network "
    "that was trained on them (`experiments/parsing/coco_persons.yaml`)",
    "`val`, `tuning`, `tuning_poses`, `train`, `keypoints_only`": "the parts of `coco_persons`: `val` tests, `tuning` "
    "and `tuning_poses` choose settings, and the others train; those of `keypoints_only` have no masks",
    "`val_crowds`": "the crowds of `val`, and the matching problems that the weights that ship see in them",
    "`first_half and second_half`": "the matching problems that networks trained on one half of `train` see in the "
    "other half; limb scores learned on each are tested on the other",
    "`photographs_shipped`": "the weights that come with the package, and those that did before: `field_kernel_5` is "
    "the first version, `stage_1` the end of a first long training, and `averaged` the mean of its weights with those "
    "of a second: [these ship now](../reference/weights.md)",
    "`coco_persons_predictions, mediapipe_poses`": "poses of another model, MediaPipe, which get the parts of the "
    "weights that ship by [`mghp group`](../how-to/group.md)",
    "nearest true box, keypoint, limb; largest person": "ways without learning: each human pixel goes to the person "
    "with the nearest true box, keypoint or limb, or all to the largest person",
    "`photographs`, `photographs_failures`": "in tables of failures, the weights that ship on `val`",
    "`components`, `components_failures`": "in tables of failures, the small parsers of rendered crowds: `full` is the "
    "full model, `without_matching_loss` the same without that loss",
    "`synthetic_10min`": "a training of ten minutes on rendered crowds; `30min` and `60min` are longer, `plain` is a "
    "plain recipe, `simple` has easier pictures",
}  # fmt: skip
"""The names of experiments, variants and sets of pictures that stand in tables and figures."""


def glossary_page() -> str:
    """Return all lists of words as Markdown."""
    lines = ["# Glossary", "", "Each thing has one name, in the pages, in the code and in the tables.", ""]
    lines += ["## Words of the field", "", *_entries(FIELD)]
    lines += ["## Words of tables and answers", "", *_entries({w: GLOSSARY[w] for w in GLOSSARY if w not in FIELD})]
    return "\n".join([*lines, "## Names in tables and figures", "", *_entries(NAMES)])


def _entries(words: dict[str, str]) -> list[str]:
    return [line for word, meaning in words.items() for line in (word, f":   {meaning[:1].upper()}{meaning[1:]}.", "")]
