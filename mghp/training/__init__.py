"""Lightning modules, data module and callbacks, which wire what the library computes."""
