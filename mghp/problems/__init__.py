"""Matching problems with their truth: from files of poses, made-up poses, or drawn at random."""
