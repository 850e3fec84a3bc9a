"""A drawing library: a parser's inputs and outputs as arrays (height, width, 3) of uint8."""
