"""The page of words, those of the report and those of the field."""

from mghp.report.page.glossary import GLOSSARY

FIELD = {
    "part": "the class of a pixel that belongs to a body, e.g. left lower arm, or a piece of clothing",
    "keypoint": "a place of the body that is one point, e.g. the left elbow",
    "limb": "an ordered pair of keypoint types, from a source to a destination, e.g. from shoulder to elbow",
    "candidate": "a place in a picture that may be a keypoint of a type, mostly a peak of its heatmap",
    "affinity": "the score of a pair of candidates: larger says that they are more likely one person's limb",
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
    "trial": "one run of a sweep",
}  # fmt: skip
"""The words that every page uses."""


def glossary_page() -> str:
    """Return both lists of words as Markdown."""
    lines = ["# Glossary", "", "Each thing has one name, in the pages, in the code and in the tables.", ""]
    lines += ["## Words of the field", "", *_entries(FIELD)]
    return "\n".join([*lines, "## Words of tables and answers", "", *_entries(GLOSSARY)])


def _entries(words: dict[str, str]) -> list[str]:
    return [line for word, meaning in words.items() for line in (word, f":   {meaning[:1].upper()}{meaning[1:]}.", "")]
