"""Tables, figures and readings of parsers: scores, ablations, rotation, published numbers."""
