"""The questions: a folder each with its run, tables, figures and answer. Nothing below imports a study."""
