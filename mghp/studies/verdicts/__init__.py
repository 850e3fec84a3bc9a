"""The study of the claims of the paper: each with its verdict, first in the report."""
