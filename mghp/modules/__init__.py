"""LightningModules and callbacks: they wire what the other packages compute."""
