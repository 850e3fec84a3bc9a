"""The datasets of pictures, one file each, and what they share: reading labels, checking a folder, rendered persons."""
