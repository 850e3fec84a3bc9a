"""How well a parser does: scores, training curves, published numbers."""
