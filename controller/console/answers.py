"""What people tell about work: values with units, the name of a sample, or how it failed."""

from collections.abc import Mapping, Sequence

from nicegui import ui

from controller.console import actions
from controller.console.desk import Desk
from controller.console.dialogs import buttons, dialog, reason, reason_of
from controller.console.entry import Decimal, decimal
from controller.console.shown import plain
from controller.console.texts import say


class Fields:
    """A number and its unit for each property, and a name for the sample; drawn where it is made."""

    def __init__(self, names: Sequence[str], units: Mapping[str, str]) -> None:
        self._numbers: dict[str, tuple[Decimal, ui.input]] = {}
        for name in names:
            text = plain(name)
            with ui.element("div").classes("value"):
                number = decimal(text)
                unit = ui.input(say("answers.unit"), value=units.get(name, "")).props("outlined dense maxlength=60")
                unit.props["aria-label"] = say("answers.unit_of", name=text)
            self._numbers[name] = (number, unit)
        self._sample = ui.input(say("answers.sample")).props("outlined dense maxlength=80").classes("full")

    @property
    def values(self) -> dict[str, tuple[float, str | None]]:
        """What was filled in; an empty unit is that of the campaign."""
        return {
            name: (value, unit.value.strip() or None)
            for name, (number, unit) in self._numbers.items()
            if (value := number.number) is not None
        }

    @property
    def readable(self) -> bool:
        """Whether each number that was filled in is one; those that are not say so."""
        return all(number.readable for number, _ in self._numbers.values())

    @property
    def sample(self) -> str | None:
        """The name that was given."""
        return self._sample.value.strip() or None


async def ask_failure(desk: Desk, question: str, note: str) -> tuple[str, str] | None:
    """Ask how something failed, and why; None if the person thought better of it."""
    with dialog(desk, question, note, persistent=True) as asking:
        kinds = {kind: say(f"answers.{kind}") for kind in actions.FAILURES}
        kind = ui.radio(kinds, value="failed-measurement")
        why = reason()

        def answer() -> None:
            if text := reason_of(why):
                asking.submit((kind.value, text))

        buttons(asking, say("answers.fail"), answer, color="negative")
    answered: tuple[str, str] | None = await asking
    asking.delete()
    return answered
