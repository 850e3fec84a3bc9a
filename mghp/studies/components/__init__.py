"""Which parts of the parser bring what: the ablation of components."""
