"""Tables, figures and readings of what fails, and why."""
