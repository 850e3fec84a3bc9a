"""The study of parsing: scores of single trainings, their curves, and published numbers."""
