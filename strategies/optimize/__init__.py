"""Which point next: strategies, acquisition and Pareto sets."""
