"""Who is missed, merged, split or mixed up, and why."""
