"""One file a loss. Each is a mean over what it concerns; with nothing to concern it is 0, never NaN."""
