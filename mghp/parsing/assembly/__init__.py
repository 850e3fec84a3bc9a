"""From fields to people: peaks, affinities, the matcher's assignment, persons, and every pixel to its person."""
