"""What the chemist sees <-> what the model sees."""
