"""The commands: each reads its arguments, calls the lab or a study, and prints where it wrote."""
