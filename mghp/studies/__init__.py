"""The questions, a folder each with its run, tables, figures and answers. Nothing below imports a study."""
