"""Tables, figures and readings of the matcher on matching problems."""
