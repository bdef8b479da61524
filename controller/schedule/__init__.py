"""When to decide: after commits, at the moments that decisions ask for, and at the edges of windows."""
