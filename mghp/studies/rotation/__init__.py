"""What rotation augmentation brings upside-down poses and costs all others."""
