"""Runs a W&B sweep file without a server: one supervisor decides, every trial is a process of the file's command."""
