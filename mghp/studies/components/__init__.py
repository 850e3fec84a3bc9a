"""The study of components: what each of them brings to the parser."""
