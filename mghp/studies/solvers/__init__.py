"""What each solver, and T, N and alpha, make of a set of matching problems."""
