"""Damage done to good texts and messages, the same for the same seed."""

import random
import re
from collections.abc import Callable, Iterator, Sequence

# What parsers trip over: no numbers, no text, no end, too deep, too large, names of things that must not be made.
TOKENS = [
    *(b"NaN", b"-Infinity", b"1e400", b"-0", b"0x10", b"9" * 400, b"1" + b"0" * 18, b"18446744073709551616", b".inf"),
    *(b"\x00", b"\x1b[2J", b"\x7f", b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x98\x83"),
    *(b"\\ud800", b"\\u0000", b"\\x00", b"\\UFFFFFFFF", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\xc2\x85", b"\r", b"\t"),
    *(b"null", b"true", b"[]", b"{}", b'""', b"''", b"|9\n", b"=1+1", b"../../etc/passwd", b"? ", b"- - - "),
    *(b"{", b"}", b"[", b"]", b'"', b"'", b",", b":", b"\n", b"#"),
    *(b"&a [*a, *a]", b"*a", b"<<: *a", b"!!python/object/apply:os.system [ls]", b"!<", b"%YAML 1.1\n---\n"),
    *(b"\n---\n", b"1900-01-01T00:00:00Z", b"9999-12-31T23:59:59-14:00"),
    *(b"[" * 3000, b'{"a":' * 3000, b"- " * 3000, b"{a: " * 300, b"x" * 5000, b'"' + b"x" * 5000 + b'"'),
]
_NUMBER = re.compile(rb"-?\d+(\.\d+)?")
_STRING = re.compile(rb'"[^"]*"')


class Mutations:
    """Endless damaged copies of `seeds`: mostly good at the beginning of the word, so that they get far."""

    def __init__(self, seeds: Sequence[bytes], seed: int) -> None:
        self._seeds = list(seeds)
        self._random = random.Random(seed)
        self._ways: list[Callable[[bytes], bytes]] = [
            *(self._flip, self._cut, self._double, self._insert, self._shorten, self._mix, self._other_number),
            *(self._other_number, self._other_string, self._insert_token, self._insert_token),
        ]

    def __iter__(self) -> Iterator[bytes]:
        while True:
            yield self.one()

    def one(self) -> bytes:
        """One more; one in fifty is nothing but noise, and one in ten is good."""
        kind = self._random.random()
        if kind < 0.02:
            return self._noise(self._random.choice((0, 1, 30, 3000)))
        content = self._random.choice(self._seeds)
        for _ in range(0 if kind > 0.9 else self._random.choice((1, 1, 1, 2, 5))):
            content = self._random.choice(self._ways)(content)
        return content

    def choose(self, things: Sequence[bytes]) -> bytes:
        """One of them."""
        return self._random.choice(things)

    def _noise(self, length: int) -> bytes:
        return self._random.randbytes(length)

    def _place(self, content: bytes) -> int:
        return self._random.randint(0, len(content))

    def _span(self, content: bytes) -> tuple[int, int]:
        start = self._place(content)
        return start, min(len(content), start + self._random.randint(1, 40))

    def _flip(self, content: bytes) -> bytes:
        if not content:
            return content
        place = self._random.randrange(len(content))
        return content[:place] + bytes([content[place] ^ (1 << self._random.randrange(8))]) + content[place + 1 :]

    def _cut(self, content: bytes) -> bytes:
        start, end = self._span(content)
        return content[:start] + content[end:]

    def _double(self, content: bytes) -> bytes:
        start, end = self._span(content)
        return content[:end] + content[start:end] * self._random.choice((1, 1, 50)) + content[end:]

    def _insert(self, content: bytes) -> bytes:
        place = self._place(content)
        return content[:place] + self._noise(self._random.randint(1, 8)) + content[place:]

    def _insert_token(self, content: bytes) -> bytes:
        place = self._place(content)
        return content[:place] + self._random.choice(TOKENS) + content[place:]

    def _shorten(self, content: bytes) -> bytes:
        return content[: self._place(content)]

    def _mix(self, content: bytes) -> bytes:
        other = self._random.choice(self._seeds)
        return content[: self._place(content)] + other[self._place(other) :]

    def _other_number(self, content: bytes) -> bytes:
        return self._other(content, _NUMBER)

    def _other_string(self, content: bytes) -> bytes:
        return self._other(content, _STRING)

    def _other(self, content: bytes, what: re.Pattern[bytes]) -> bytes:
        found = list(what.finditer(content))
        if not found:
            return self._insert_token(content)
        start, end = self._random.choice(found).span()
        return content[:start] + self._random.choice(TOKENS) + content[end:]
