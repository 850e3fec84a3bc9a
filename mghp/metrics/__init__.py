"""The benchmark's metrics as pure functions."""
