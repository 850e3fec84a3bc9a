"""`mghp reproduce`: what each profile runs, what is already finished, and the report at the end."""
