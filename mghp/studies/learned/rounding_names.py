"""The names of what learned limb scores are rounded from; imports nothing."""

ROUNDINGS = ("affinity", "sigmoid", "sinkhorn", "assignment")
"""The sources of the best matching: the affinity; its sigmoid; what unbalanced Sinkhorn (at most one) makes of it;
or the assignment of the config's own matcher, where it makes a soft one. All ways to train choose among them on
validation images. Results name them by their place."""
