"""From a checkpoint and any picture to the persons in it, and to files that other programs read."""
