"""How fast and how large: every bench, and the table that it fills."""
