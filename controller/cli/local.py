"""Campaign files read on this machine, for commands that need no daemon."""

import hashlib
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from controller.cli.beside import MAX_LOCAL_BYTES, read_beside
from controller.cli.connection import FAILED, Refused, problem_lines

if TYPE_CHECKING:
    from controller.spec import Campaign as Spec


@dataclass(frozen=True)
class LocalCampaign:
    """A checked campaign file, with the contents of the files beside it by name."""

    spec: "Spec"
    text: str
    files: dict[str, bytes]

    @contextmanager
    def kept(self) -> Iterator[dict[str, str]]:
        """Paths of the files by SHA-256, as long as the block lasts."""
        with tempfile.TemporaryDirectory(prefix="tatara-") as folder:
            paths: dict[str, str] = {}
            for content in self.files.values():
                name = hashlib.sha256(content).hexdigest()
                paths[name] = str(Path(folder) / name)
                Path(paths[name]).write_bytes(content)
            yield paths


def load_campaign(path: Path) -> LocalCampaign:
    """Read and check a campaign file; raises `Refused` with every problem and its line."""
    from controller import spec as campaign_file

    text, files = read_beside(path, MAX_LOCAL_BYTES)
    try:
        return LocalCampaign(campaign_file.load(text, files), text, files)
    except campaign_file.SpecError as error:
        problems = [vars(each) for each in error.problems]
        message = "the campaign file cannot be used"
        answer = {"error": "spec", "message": message, "problems": problems}
        raise Refused(FAILED, "\n".join([message, *problem_lines(problems)]), answer) from None


def tell_of_transfer(spec: "Spec") -> None:
    """Say on stderr which sources of a campaign are not at hand without the daemon."""
    names = [source.campaign for source in spec.transfer.sources if source.campaign] if spec.transfer else []
    if names:
        print(f"Not learned from here, only at the daemon: {', '.join(names)} (`transfer`).", file=sys.stderr)
