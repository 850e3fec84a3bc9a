"""What learned limb scores may be rounded from, by name. Without torch."""

ROUNDINGS = ("affinity", "sigmoid", "sinkhorn", "assignment")
"""What the best matching is taken of: the affinity; its sigmoid; what unbalanced Sinkhorn (at most one) makes of it;
or the assignment of the config's own matcher, where it makes a soft one. All ways to train choose among them on
validation images. Results name them by their place."""
