"""Commands that talk to the daemon: where it is, as whom, and what an answer means for the exit code."""

import functools
import inspect
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    import httpx

PATIENCE = 60.0  # seconds

FAILED, USAGE, UNREACHABLE, CONFLICT, NOT_ALLOWED = 1, 2, 3, 4, 5
_CODES = {401: NOT_ALLOWED, 403: NOT_ALLOWED, 409: CONFLICT, 503: UNREACHABLE}

Data = Annotated[
    Path,
    typer.Option(
        envvar="TATARA_DATA",
        help="Folder of the daemon: it writes there where it listens (`api.json`) and a token (`admin-token`).",
        rich_help_panel="Where the daemon is",
    ),
]
Url = Annotated[
    str | None,
    typer.Option(
        envvar="TATARA_URL", help="Its address, such as http://127.0.0.1:8000.", rich_help_panel="Where the daemon is"
    ),
]
TokenFile = Annotated[
    Path | None,
    typer.Option(envvar="TATARA_TOKEN_FILE", help="File that holds your token.", rich_help_panel="Where the daemon is"),
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]

DEFAULT_DATA = Path("tatara-data")


class Refused(Exception):
    """The command ends here with an exit code and one line that says why; `answer` is what `--json` prints."""

    def __init__(self, code: int, message: str, answer: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.answer = answer or {"error": "failed", "message": message}


@contextmanager
def refusals(as_json: bool) -> Iterator[None]:
    """Tell of a refusal on stderr, and with `--json` also as the document on stdout."""
    try:
        yield
    except Refused as refused:
        if as_json:
            print(json.dumps(refused.answer))
        print(f"tatara: {refused}", file=sys.stderr)
        raise typer.Exit(refused.code) from None


class Daemon:
    """The API, and how answers are shown."""

    def __init__(self, data: Path, url: str | None, token_file: Path | None, as_json: bool) -> None:
        self._data = data
        self._url = url
        self._token_file = token_file
        self.as_json = as_json

    def get(self, path: str, **query: Any) -> Any:
        """The answer to a GET; raises `Refused`."""
        return self._ask("GET", path, params={key: value for key, value in query.items() if value is not None})

    def post(self, path: str, **body: Any) -> Any:
        """The answer to a POST; raises `Refused`."""
        return self._ask("POST", path, json={key: value for key, value in body.items() if value is not None})

    def put_file(self, path: Path) -> dict[str, str]:
        """Put a file into the daemon's store; returns what names it. Raises `Refused`."""
        from adapters.instruments.upload import described, headers_of, parts

        try:
            file = described(path)
            self._ask("PUT", f"/files/{file.sha256}", content=parts(path), headers=headers_of(file))
        except OSError as error:
            raise Refused(USAGE, f"{path} cannot be read: {error.strerror or error}") from None
        return file.model_dump()

    @property
    def known(self) -> bool:
        """Whether there is a daemon to ask: an address was given, or one has run in the folder."""
        return self._url is not None or (self._data / "api.json").is_file()

    def show(self, answer: Any, in_words: Callable[[Any], None]) -> None:
        """Print an answer as JSON, or in words."""
        if self.as_json:
            print(json.dumps(answer, ensure_ascii=False))
        else:
            in_words(answer)

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        import httpx

        with self.client() as client:
            try:
                answer = client.request(method, path, **options)
            except httpx.HTTPError as error:
                self.unreachable(error)
        check(answer)
        return answer.json()

    def client(self) -> "httpx.Client":
        """A client with address and token. The environment's proxies are not meant for the daemon."""
        import httpx

        address = self.address()
        headers = {"Authorization": f"Bearer {self._token()}"}
        try:
            return httpx.Client(base_url=f"{address}/api/v1", headers=headers, timeout=PATIENCE, trust_env=False)
        except httpx.InvalidURL as error:
            raise Refused(USAGE, f"{address!r} is no address ({error})") from None

    def address(self) -> str:
        """Where it listens; raises `Refused`."""
        if self._url:
            return self._url.rstrip("/")
        path = self._data / "api.json"
        try:
            return str(json.loads(path.read_text(encoding="utf-8"))["url"]).rstrip("/")
        except FileNotFoundError:
            raise Refused(
                UNREACHABLE,
                f"no daemon has run in {self._data}: start one with `tatara serve`, or give --data or --url",
            ) from None
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise Refused(UNREACHABLE, f"{path} cannot be read ({error}); give --url") from None

    def _token(self) -> str:
        path = self._token_file or self._data / "admin-token"
        try:
            token = path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "not a token"
            raise Refused(NOT_ALLOWED, f"no token: {path}: {reason}; give --token-file or --data") from None
        if not token or not token.isprintable():
            raise Refused(NOT_ALLOWED, f"no token: {path} holds none; give --token-file")
        return token

    def unreachable(self, error: Exception) -> NoReturn:
        """Say that nobody answers."""
        reason = str(error) or type(error).__name__
        message = f"the daemon at {self.address()} does not answer ({reason}); is `tatara serve` running?"
        raise Refused(UNREACHABLE, message, {"error": "unreachable", "message": message}) from None


def check(answer: "httpx.Response") -> None:
    """Raise `Refused` for an answer that is an error."""
    if answer.is_success:
        return
    try:
        said = answer.json()
        message = str(said["message"])
    except (ValueError, KeyError, TypeError):
        raise Refused(FAILED, f"this is no Tatara daemon: it answered {answer.status_code}") from None
    lines = problem_lines(said.get("problems", []))
    raise Refused(_CODES.get(answer.status_code, FAILED), "\n".join([message, *lines]), said)


def problem_lines(problems: Sequence[Mapping[str, Any]]) -> list[str]:
    """What is wrong in a campaign file, one line each."""
    return [
        f"  line {each['line']}: {each['field'] or 'campaign file'}: {each['message']}"
        + (f" (found {each['value']})" if each["value"] else "")
        for each in problems
    ]


def talks(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command whose first parameter is a `Daemon` the options that say where it is and how to print."""
    own = list(inspect.signature(command).parameters.values())[1:]
    added = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
        for name, default, annotation in (
            ("json_", False, Json),
            ("data", DEFAULT_DATA, Data),
            ("url", None, Url),
            ("token_file", None, TokenFile),
        )
    ]

    @functools.wraps(command)
    def talking(*, json_: bool, data: Path, url: str | None, token_file: Path | None, **options: Any) -> None:
        with refusals(json_):
            command(Daemon(data, url, token_file, json_), **options)

    del talking.__wrapped__
    talking.__signature__ = inspect.Signature([*own, *added])  # type: ignore[attr-defined]
    talking.__annotations__ = {each.name: each.annotation for each in [*own, *added]}
    return talking
