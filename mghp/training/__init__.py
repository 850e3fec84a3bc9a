"""Lightning modules, data module and callbacks: they wire what the library computes."""
