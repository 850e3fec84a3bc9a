"""The report as one page: the answers, then every table, figure and gallery below its question."""
