"""What people may ask: each function authorizes, checks, decides and writes within one unit of work."""
