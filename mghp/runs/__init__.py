"""Run folders, the only interface between running and reporting: who writes one and who reads it share a room."""
