"""The study of rotation: what augmentation brings upside-down poses, and costs all others."""
