"""The words of the tables and answers, explained."""

GLOSSARY = {
    "default, hard": (
        "presets of the matching problems, and scenes of the rendered pictures: hard poses are images of three and "
        "more persons, with more noise, misses and false candidates; hard pictures have more and closer persons. 33 % "
        "and 81 % of the persons of default and hard pictures have no cue; on scene clear, else like default, all have"
    ),
    "cue": "what tells a rendered person's left from the right: another look from front and back, or a view from the "
    "side; without one the picture does not show the sides",
    "affinity": "how much a pair of candidate keypoints looks like one limb: the line integral, or a score",
    "gap": "how far the objective stays under the optimum of the linear program, in percent of it; after repair: each "
    "pair divided by the largest of 1, its row's and its column's sum, so that all solvers keep the constraints",
    "violation": "largest excess of a row's or column's sum over 1, or of 0 over an entry; worst: over all problems",
    "tight rows": "rows whose sum reaches 1: only there do pairs compete",
    "coupling": "share of the assignment's derivatives (Frobenius norm) that are by other pairs' affinities; 0 is a "
    "scaling of each affinity by itself, under 0.1 nothing is trained through the matching",
    "rounding": "how pairs are chosen of a soft assignment: Hungarian, by the best matching; mutual, pairs that are "
    "largest in their row and column; greedy, the largest first",
    "agrees": "share of problems on which the rounded assignment is the Hungarian's of the affinities",
    "T, N, alpha": "outer steps, Dykstra's cycles in each, step size; Y_0: the assignment before the first step",
    "halfspace, as printed": "the projection of one row or column onto its constraint, and what the supplement prints",
    "warm start": "Dykstra's corrections are kept from one outer step to the next",
    "positive control": "made-up problems of which only competition between pairs tells the truth",
    "candidate offsets": "a random number that each candidate adds to the limb field of all its pairs",
    "persons": "share of candidates that joined pairs bring into the group of their own person",
    "part mIoU": "intersection over union of part labels, mean over classes, whoever they belong to",
    "AP^p": "average precision of persons, each by the mean IoU of its parts; averaged over thresholds from 0.1 to 0.9",
    "PCP": "share of a person's parts whose IoU exceeds the threshold at which the person is found, mean over persons",
    "person IoU": "mean IoU of a true person's parts with those of the predicted one that is paired with it",
    "side-free": "left and right of a person may be named either way, and the better of the two namings counts",
    "grouping": "share of human pixels that are given to the right person; persons are paired one to one",
    "95 %": "interval of a difference by a bootstrap over test images or pictures, paired, and over seeds",
    "Holm": "correction for making several comparisons at once; better and worse are said of what remains",
    "no effect": "the whole interval lies within a bound that was fixed beforehand; else undecided, better or worse",
    "one seed": "not decided: the interval would be of the test images alone",
    "n/v": "no verified source",
}  # fmt: skip
