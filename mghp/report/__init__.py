"""Tables, comparisons and the page of a report, made from run folders only."""
