"""Promotion is a proposal: which candidates that ended well at a stage are put forward for the next one."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from controller.loop.actions import Action, Dismiss, Promote
from controller.loop.campaign import affordable, exhausted
from controller.loop.view import CampaignView, FinishedView

if TYPE_CHECKING:
    from controller.spec import Promotion


def decide_promotions(view: CampaignView) -> list[Action]:
    """Apply each stage's `promote` rule to what has finished there."""
    if view.state != "running":
        return []
    stages = [stage.name for stage in view.spec.stages[:-1]]
    # An amended campaign file may have left nothing behind a stage, or have left it out.
    nowhere_to_go: list[Action] = [Dismiss(each.id) for each in view.finished if each.stage not in stages]
    return nowhere_to_go + _within_budget(view, [action for stage in stages for action in _stage(view, stage)])


def _within_budget(view: CampaignView, actions: list[Action]) -> list[Action]:
    """A candidate for whose next stage the budget has no room goes no further."""
    names = [stage.name for stage in view.spec.stages]
    costs = {
        each.id: view.spec.stages[names.index(each.stage) + 1].cost
        for each in view.finished
        if each.stage in names[:-1]
    }
    planned = 0.0
    for place, action in enumerate(actions):
        if isinstance(action, Promote):
            planned += costs[action.proposal_id]
            if not affordable(view, planned):
                planned -= costs[action.proposal_id]
                actions[place] = Dismiss(action.proposal_id)
    return actions


def _stage(view: CampaignView, stage: str) -> list[Action]:
    finished = [each for each in view.finished if each.stage == stage]
    rule = view.stage(stage).promote
    if rule is not None and rule.rule == "strategy":
        return [Dismiss(each.id) for each in finished]  # the strategy puts forward what it wants there
    if rule is None or rule.rule == "all":
        return [Promote(each.id) for each in finished]
    if rule.rule == "region":
        return [Promote(each.id) if _in_region(rule, each) else Dismiss(each.id) for each in finished]
    return _best(view, stage, rule, finished)


def _in_region(rule: "Promotion", finished: FinishedView) -> bool:
    value = finished.predicted.get(rule.property or "", finished.values.get(rule.property or ""))
    if value is None:
        return False
    return (rule.low is None or value >= rule.low) and (rule.high is None or value <= rule.high)


def _best(view: CampaignView, stage: str, rule: "Promotion", finished: Sequence[FinishedView]) -> list[Action]:
    """The best k of every n; what is left over when nothing more comes is judged in the same proportion."""
    size, keep = rule.n or 1, rule.k or 1
    more_comes = _more_comes(view, stage)
    actions: list[Action] = []
    for group in (finished[start : start + size] for start in range(0, len(finished), size)):
        if len(group) < size and more_comes:
            break
        ranked = sorted(group, key=lambda each: _merit(view, rule, each), reverse=True)
        count = -(-keep * len(group) // size)
        actions += [Promote(each.id) for each in ranked[:count]] + [Dismiss(each.id) for each in ranked[count:]]
    return actions


def _more_comes(view: CampaignView, stage: str) -> bool:
    """Whether another candidate may still end well at this stage: a new one, or one that is on its way there."""
    names = [each.name for each in view.spec.stages]
    earlier = names[: names.index(stage)]
    return (
        exhausted(view) is None
        or view.iteration_running
        or any(proposal.stage in (*earlier, stage) for proposal in view.proposals)
        or any(each.stage in earlier for each in view.finished)
    )


def _merit(view: CampaignView, rule: "Promotion", finished: FinishedView) -> float:
    value = finished.values.get(rule.property or "")
    if value is None:
        return float("-inf")
    return next(each.merit(value) for each in view.spec.objectives if each.property == rule.property)
