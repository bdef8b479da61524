"""What happens next, and the record of what happened."""
