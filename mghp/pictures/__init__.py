"""A drawing library: the inputs and outputs of a parser as arrays (height, width, 3) of uint8."""
