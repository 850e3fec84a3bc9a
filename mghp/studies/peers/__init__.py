"""The matchers of other packages, each in a file, beside our own: what `mghp bench peers` measures."""
