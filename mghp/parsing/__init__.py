"""The method: fields and their targets, the network, its losses, and the assembly of fields into persons."""
