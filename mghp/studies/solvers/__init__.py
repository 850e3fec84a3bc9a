"""The study of solvers: what they, and T, N and alpha, make of matching problems."""
