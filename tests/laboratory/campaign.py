"""The campaign files of the crash and chaos tests."""

EMULATED_SPACE = """
space:
  parameters:
    residence_time: {type: continuous, low: 0.5, high: 2, unit: min}
    equivalents: {type: continuous, low: 1, high: 5}
    concentration: {type: continuous, low: 0.1, high: 0.5, unit: mol/L}
    temperature: {type: continuous, low: 30, high: 120, unit: degC}
objectives:
  - {property: space_time_yield, goal: maximize, unit: kg/m**3/h, reference: 0}
  - {property: e_factor, goal: minimize, reference: 100}
"""

PROPERTIES = ("space_time_yield", "e_factor")


def two_steps(
    name: str,
    experiments: int,
    *,
    parallel: int,
    reactors: list[str],
    analysers: list[str],
    timeout: float = 60,
    retries: int = 0,
    breaker: int = 3,
    approval: str = "auto",
) -> str:
    """A reactor makes a sample, an analyser measures it; what is in doubt goes to the operator."""
    return f"""
campaign: {name}
seed: 7
parallel: {parallel}
{EMULATED_SPACE}
stages:
  - name: flow
    approval: {{policy: {approval}}}
    steps:
      - name: react
        instruments: [{", ".join(reactors)}]
        capability: react
        timeout: {timeout}
        retries: {retries}
        on_unknown: ask
        breaker: {breaker}
      - name: analyse
        instruments: [{", ".join(analysers)}]
        capability: analyse
        parameters: []
        yields: [{", ".join(PROPERTIES)}]
        timeout: {timeout}
        retries: {retries}
        on_unknown: ask
        breaker: {breaker}
strategy: {{name: random}}
budget: {{experiments: {experiments}}}
"""
