"""Emulated instruments that speak the real protocol: a flow reactor, an analyser, and a table of measured data."""
