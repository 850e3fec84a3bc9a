"""The one-page report: every table, figure and gallery, each with what its numbers say."""
