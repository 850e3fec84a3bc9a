"""Whether training through a matcher helps limb scores."""
