"""The study of training a parser through the matcher, against training without, and its positive control."""
