"""The outside world: instruments over MQTT, calculators, compute and people."""
