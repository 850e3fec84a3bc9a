"""The study of speed and memory: the benches, with the tables that they fill."""
