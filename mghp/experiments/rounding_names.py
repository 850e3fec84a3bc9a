"""What learned limb scores may be rounded from, by name. Without torch."""

ROUNDINGS = ("affinity", "sigmoid", "sinkhorn", "assignment")
"""What the best matching is taken of: the affinity; its sigmoid; what unbalanced Sinkhorn (at most one) makes of it;
or, where the affinity was trained through a matcher, that one's assignment. All ways to train choose among them on
validation images, so that none is ahead by how it is rounded. Results name them by their place."""
