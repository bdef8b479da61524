"""What is to be shown, claim by claim: the figure, what is wanted of it, and whether it is so (or not measured)."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from tests.benchmarks.optimization.polymers import CYCLES
from tests.benchmarks.optimization.statistics import SMALL_LOSS
from tests.benchmarks.optimization.summary import OURS

Found = Mapping[str, Any]
POOLS = ("photo_pce10", "agnp", "oer_3496", "oer_3851", "vapdiff", "grain_boundary")
STAGES = ("stages_branin", "stages_hartmann", "stages_reactor", "stages_branin_useless", "stages_hartmann_useless")


@dataclass(frozen=True)
class Claim:
    """`met` is None where it has not been measured (or not on all that it needs)."""

    item: int
    text: str
    value: str
    met: bool | None


def verdicts(found: Found) -> list[Claim]:
    """All claims, from the summaries by name of experiment."""
    return [claim for make in (_arylation, _barrel, _pools, _rest, _polymers, _seconds) for claim in make(found)]


def as_json(claims: list[Claim]) -> list[dict[str, Any]]:
    """Plain data."""
    return [asdict(claim) for claim in claims]


def lines(claims: list[Claim]) -> list[str]:
    """One line for each."""
    words = {None: "not measured", True: "met", False: "NOT MET"}
    return [f"{claim.item}  {words[claim.met]:12}  {claim.text}: {claim.value}" for claim in claims]


def _get(found: Found, *path: str) -> Any:
    """What stands at a path of names; None where one of them is missing."""
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None  # type: ignore[assignment]
    return found


def _claim(item: int, text: str, figure: Any, holds: Callable[[Any], bool], told: Callable[[Any], str]) -> Claim:
    return Claim(item, text, "-" if figure is None else told(figure), None if figure is None else holds(figure))


def _limit(item: int, text: str, value: float | None, most: float | None = None, least: float | None = None) -> Claim:
    bound = f"at most {most:g}" if most is not None else f"at least {least:g}"
    return _claim(
        item,
        f"{text}, {bound}",
        value,
        lambda number: number <= most if most is not None else number >= least,
        lambda number: f"{number:.4g}",
    )


def _gain(item: int, text: str, gain: Any, above: float = 0.0) -> Claim:
    """A paired difference whose interval must lie above a bound."""
    return _claim(
        item,
        text,
        gain,
        lambda each: each["low"] > above,
        lambda each: f"{each['value']:+.3g} [{each['low']:+.3g}, {each['high']:+.3g}]",
    )


def _arylation(found: Found) -> Iterator[Claim]:
    name = "direct_arylation"
    until = ("methods", OURS, "experiments_until_solved", "mean")
    yield _limit(1, f"{name}: mean experiments until 99 %", _get(found, name, *until), most=12)
    yield _limit(1, f"{name}: mean best at 30", _get(found, name, "methods", OURS, "best_at_30", "mean"), least=99.8)
    edbo = _get(found, name, "against", "baybe-edbo", "area")
    yield _gain(1, f"{name}: area, not worse than BayBE's EDBO preset", edbo, -SMALL_LOSS)
    yield _limit(1, f"{name}, batches of 5: mean experiments", _get(found, f"{name}_batch5", *until), most=16)


def _barrel(found: Found) -> Iterator[Claim]:
    pair = ("crossed_barrel", "against", "baybe")
    yield _gain(2, "crossed_barrel: mean best at 50, better than BayBE", _get(found, *pair, "best"))
    hits = [_get(found, "crossed_barrel", "methods", name, "solved") for name in (OURS, "baybe")]
    yield _claim(
        2,
        "crossed_barrel: hits of the optimum, more than BayBE",
        None if None in hits else hits,
        lambda both: both[0] > both[1],
        lambda both: f"{both[0]} against {both[1]}",
    )
    noisy = _get(found, "crossed_barrel_noisy", "against", "baybe", "recommended")
    yield _gain(2, "crossed_barrel, single repeats: true mean of the recommended, better than BayBE", noisy)


def _pools(found: Found) -> Iterator[Claim]:
    for name in POOLS:
        for peer in ("baybe", "physbo"):
            area = _get(found, name, "against", peer, "area")
            yield _gain(3, f"{name}: area, not worse than {peer}", area, -SMALL_LOSS)
    pairs = [[_get(found, name, "against", peer, "better") for peer in ("baybe", "physbo")] for name in POOLS]
    whole = all(None not in pair for pair in pairs)
    better = sum(all(pair) for pair in pairs) if whole else None
    yield _limit(3, "tables on which ours is better than both", better, least=2)


def _rest(found: Found) -> Iterator[Claim]:
    for arm, most in (("", 0.75), ("-shuffled", 1.15), ("-negated", 1.15)):
        ratio = _get(found, "transfer", "ratio to no transfer", f"tatara-transfer{arm}", "value")
        yield _limit(4, f"transfer{arm}: ratio of experiments", ratio, most=most)
    ignoring = ("hplc", "against", "tatara-ignoring-failures")
    yield _gain(6, "hplc: runs that did not fail, more than ignoring failures", _get(found, *ignoring, "made"))
    yield _gain(6, "hplc: area, not worse", _get(found, *ignoring, "area"), -SMALL_LOSS)
    volume = _get(found, "arylation_cost", "against", "baybe", "hypervolume")
    yield _gain(7, "arylation_cost: hypervolume at 50, better than BayBE", volume)
    for name in STAGES:
        most = 1.2 if name.endswith("useless") else 0.75
        yield _limit(8, f"{name}: ratio of median costs", _get(found, name, "ratio"), most=most)


def _polymers(found: Found) -> Iterator[Claim]:
    early = "members by cycle 5"
    gaps = [(name, "ours minus spacier") for name in ("polymers_box", "polymers_conductivity")]
    yield _gain(5, f"polymers: {early}, better than SPACIER's rule", _get(found, *gaps[0], early))
    for path in gaps:
        for what, gap in sorted((_get(found, *path) or {}).items()):
            if what not in ("seeds", early):
                fewer = {"value": -gap["value"], "low": -gap["high"], "high": -gap["low"]}
                yield _gain(5, f"polymers: {what}, fewer, not worse", fewer, -SMALL_LOSS * (CYCLES + 1))


def _seconds(found: Found) -> Iterator[Claim]:
    each = [_get(found, "direct_arylation", "methods", name, "cpu_seconds_per_call") for name in (OURS, "baybe")]
    share = None if None in each else each[0] / each[1]
    yield _limit(9, "direct_arylation: CPU of a choice, share of BayBE's", share, most=0.75)
    yield _limit(9, "direct_arylation: CPU of a choice, s", each[0], most=0.6)
    for name in ("cpu_long_history", "cpu_large_pool", "cpu_product_space"):
        about = _get(found, name)
        first = None if about is None else about["methods"]["tatara"]["cpu"][0]
        yield _limit(9, f"{name}: CPU, s", first, most=10 if name == "cpu_large_pool" else 5)
    memory = _get(found, "cpu_large_pool", "methods", "tatara", "peak_gib")
    yield _limit(9, "cpu_large_pool: peak memory, GiB", memory, most=4)
