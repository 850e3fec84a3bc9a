"""Training runs and their scores: one experiment file or checkpoint to one run folder."""
