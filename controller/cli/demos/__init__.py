"""Whole campaigns with emulated instruments on one machine."""
