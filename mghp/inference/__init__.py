"""From a checkpoint and a picture of any kind to the people in it, and to files that other programs read."""
