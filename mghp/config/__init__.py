"""The keys of an experiment file, and how a file becomes a resolved `Config`; all free of torch."""
