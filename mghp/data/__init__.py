"""What the suite runs on: matching problems, and later the parsing datasets, one module each."""
