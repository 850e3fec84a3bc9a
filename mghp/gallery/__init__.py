"""Galleries: static pages of what a parser gets wrong and right, from the cases in run folders."""
