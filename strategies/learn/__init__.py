"""Models of properties with honest uncertainty."""
