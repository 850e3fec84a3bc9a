"""The commands: each reads its words, calls the lab, and says where it wrote."""
