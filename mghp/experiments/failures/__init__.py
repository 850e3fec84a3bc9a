"""Every person's failure, its cause, and what a gallery shows of it."""
