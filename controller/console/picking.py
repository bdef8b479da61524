"""Choosing files of one's own machine, for whoever cannot see too."""

from collections.abc import Awaitable, Callable

from nicegui import ui
from nicegui.events import UploadEventArguments

Keep = Callable[[UploadEventArguments], Awaitable[None]]


def picker(text: str, keep: Keep, refused: Callable[[], None], busy: Callable[[int], None], *, largest: int) -> None:
    """A button; `keep` gets each file, `refused` hears of one beyond `largest` bytes, `busy` of beginnings and ends.

    NiceGUI's own face has no names for those who cannot see it; ours is a button that opens it.
    """
    upload = ui.upload(multiple=True, max_file_size=largest, auto_upload=True, on_upload=keep).classes("unseen")
    upload.on_rejected(refused)
    upload.on("start", lambda: busy(1), args=[])
    upload.on("finish", lambda: busy(-1), args=[])
    pick = ui.button(text, icon="attach_file").props("outline")
    pick.on("click", js_handler=f"() => getElement({upload.id}).$refs.qRef.pickFiles()")  # at once, or it is refused
