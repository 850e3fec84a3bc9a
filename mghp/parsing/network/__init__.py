"""The parsing network: backbone, decoder, heads and the projection field; plain modules, no training code."""
