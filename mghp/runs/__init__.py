"""Run folders, the only interface between running and reporting: written, read and packed in one room."""
