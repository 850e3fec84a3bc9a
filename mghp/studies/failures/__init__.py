"""The study of failures: which persons are missed, merged, split or mixed up, and why."""
