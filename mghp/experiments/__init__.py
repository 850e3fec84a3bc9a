"""Running: one setting over a set of matching problems, and the plans that make the suite's tables."""
