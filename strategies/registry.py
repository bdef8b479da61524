"""The strategies by name. Nothing is imported by a name that stands in a campaign file."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from strategies.optimize.options import BotorchOptions, NoOptions
from strategies.request import Candidate, Plain, Prediction, Request, Response

Strategy = Callable[[Request, Mapping[str, Path]], Response]
Predictor = Callable[[Request, Candidate, Mapping[str, Path]], dict[str, Prediction]]


def _random() -> Strategy:
    from strategies.optimize.random import propose

    return propose


def _sobol() -> Strategy:
    from strategies.optimize.sobol import propose

    return propose


def _botorch() -> Strategy:
    from strategies.optimize.botorch_strategy import propose

    return propose


_STRATEGIES: dict[str, tuple[Callable[[], Strategy], type[Plain]]] = {
    "random": (_random, NoOptions),
    "sobol": (_sobol, NoOptions),
    "botorch": (_botorch, BotorchOptions),
}


def load_predictor(name: str) -> Predictor | None:
    """What a strategy would predict for a candidate that somebody else puts forward; None where it has no model."""
    check_strategy(name, {})
    if name != "botorch":
        return None
    from strategies.optimize.botorch_strategy import predict

    return predict


def strategy_names() -> list[str]:
    """The registered names."""
    return list(_STRATEGIES)


def check_strategy(name: str, options: Mapping[str, Any]) -> None:
    """Raise `ValueError` for an unknown name or options that it does not take (imports no model library)."""
    if name not in _STRATEGIES:
        raise ValueError(f"unknown strategy {name!r}; known: {', '.join(_STRATEGIES)}")
    try:
        _STRATEGIES[name][1].model_validate(dict(options))
    except ValidationError as error:
        faults = "; ".join(f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise ValueError(f"options of strategy {name!r}: {faults}") from error


def load_strategy(name: str) -> Strategy:
    """The strategy's function; imports what it needs."""
    check_strategy(name, {})
    return _STRATEGIES[name][0]()
