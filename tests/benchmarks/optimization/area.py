"""The optimization area of the long benchmark: run what is missing, then sum up."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.benchmarks.optimization import cpu, experiments, fidelity, polymers, summary, transfer, verdicts
from tests.benchmarks.optimization.campaign import run_missing
from tests.benchmarks.optimization.results import Results, results_folder
from tests.benchmarks.optimization.tables import NoData, data_folder

ON_TABLES = (*experiments.EXPERIMENTS, *transfer.EXPERIMENTS, *polymers.EXPERIMENTS)


def items() -> list[str]:
    """Every experiment by name, in the order of what is to be shown."""
    return [*(each.name for each in ON_TABLES), *fidelity.items(), *cpu.CASES]


def methods() -> list[str]:
    """Every method by name."""
    return [*experiments.METHODS, *fidelity.ARMS]


def main(folder: Path | None, items_wanted: Sequence[str] | None, methods_wanted: Sequence[str] | None) -> int:
    """Run and print; 2 where the data are not there or a name is unknown."""
    strangers = [*(set(items_wanted or []) - set(items())), *(set(methods_wanted or []) - set(methods()))]
    if strangers:
        known = f"items: {', '.join(items())}; methods: {', '.join(methods())}"
        print(f"unknown: {', '.join(sorted(strangers))}. {known}", file=sys.stderr)
        return 2
    try:
        data_folder()
    except NoData as error:
        print(f"skipped: {error}", file=sys.stderr)
        return 2
    results = Results(results_folder(folder))
    missing = _run(results, items_wanted or items(), methods_wanted or methods())
    for line in missing:
        print(f"missing: {line}", file=sys.stderr)
    _report(results, missing)
    return 0


def _run(results: Results, wanted: Sequence[str], by: Sequence[str]) -> list[str]:
    missing: list[str] = []
    for experiment in ON_TABLES:
        if experiment.name in wanted:
            missing += run_missing(experiment, results, by)
    for name in [name for name in fidelity.items() if name in wanted]:
        missing += fidelity.run_missing(name, results, by)
    for name in [name for name in cpu.CASES if name in wanted and "tatara" in by]:
        missing += cpu.run_missing(name, results)
    return missing


def _report(results: Results, missing: Sequence[str]) -> None:
    """Write `summary.json` beside the runs; print a line for each method of each experiment, and for each claim."""
    found: dict[str, Any] = {}
    for name, about, told in _summaries(results):
        if about:
            found[name] = about
            print("\n".join(told))
    claims = verdicts.verdicts(found)
    print("\n".join(["", *verdicts.lines(claims)]))
    path = results.folder / "summary.json"
    whole = {"claims": verdicts.as_json(claims), "experiments": found, "missing": list(missing)}
    path.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    print(f"summary: {path}")


def _summaries(results: Results) -> list[tuple[str, dict[str, Any], list[str]]]:
    """Name, figures and lines of every experiment that has runs."""
    made: list[tuple[str, dict[str, Any], list[str]]] = []
    for experiment in experiments.EXPERIMENTS:
        about = summary.summarize(experiment, results)
        made.append((experiment.name, about, summary.lines(experiment.name, about)))
    about = transfer.summarize(results)
    made.append(("transfer", {**about, "methods": about["experiments to 95 %"]}, transfer.lines(about)))
    for experiment in polymers.EXPERIMENTS:
        about = polymers.summarize(experiment, results)
        made.append((experiment.name, about, polymers.lines(experiment.name, about)))
    for name in fidelity.items():
        about = fidelity.summarize(name, results)
        made.append((name, about, fidelity.lines(name, about)))
    for name in cpu.CASES:
        about = cpu.summarize(name, results)
        made.append((name, about, cpu.lines(name, about)))
    return [each for each in made if each[1]["methods"]]
