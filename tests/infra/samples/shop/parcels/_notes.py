"""A file whose name begins with `_` declares nothing."""
