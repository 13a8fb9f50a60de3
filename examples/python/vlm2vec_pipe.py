"""`vlm2vec embed --serve` behind a pipe: rows in, vectors out, from any Python process.

Standard library and numpy alone, so that one file can be shipped to every worker of a cluster.
"""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import threading
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy

STDERR_LINES = 20
"""Lines of the process's stderr that an error quotes."""


@dataclass(frozen=True)
class Answer:
    """What became of a row: a unit vector, or why there is none."""

    embedding: numpy.ndarray | None  # float32 [dims]
    error: str | None


class ModelDied(RuntimeError):
    """The process ended, again and again, over the same batch. Ends with what it said on stderr."""


class Embedder:
    """One model in a process of its own, started with the first batch and alive until `close`.

    `command` is how vlm2vec is started, `options` go to `vlm2vec embed`: `["--model", "nano"]`. A process that dies is
    started again and asked the batch again, `attempts` times in all: what it was asked has no side effects. It ends by
    itself when this process does, since its stdin then closes. Calls from several threads wait for each other.
    """

    def __init__(self, options: Sequence[str], command: Sequence[str] = ("npx", "vlm2vec"), attempts: int = 3) -> None:
        self._command = [*command, "embed", "--serve", *options]
        self._attempts = attempts
        self._process: subprocess.Popen[bytes] | None = None
        self._stderr: deque[str] = deque(maxlen=STDERR_LINES)
        self._listener: threading.Thread | None = None
        self._lock = threading.Lock()

    def embed(self, rows: Iterable[dict[str, Any]]) -> list[Answer]:
        """An answer per row, in order. Rows are as `row` makes them."""
        lines = [json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in rows]
        if not lines:
            return []
        with self._lock:
            for _ in range(self._attempts):
                answers = self._ask(lines)
                if answers is not None:
                    return answers
        raise ModelDied(
            f"{' '.join(self._command)} ended {self._attempts} times without an answer; it said:\n" + "".join(self._stderr)
        )

    def close(self) -> None:
        """Ends the process. The next batch starts a new one."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        if self._listener is not None:
            self._listener.join(timeout=5)  # its last words
        for pipe in (process.stdin, process.stdout, process.stderr):
            with contextlib.suppress(OSError):  # what was not flushed has nowhere to go
                pipe.close()  # type: ignore[union-attr]

    def _start(self) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        process = subprocess.Popen(self._command, stdin=pipe, stdout=pipe, stderr=pipe)

        def listen() -> None:
            # A pipe that nobody empties would stop the process as soon as it is full.
            for line in process.stderr:  # type: ignore[union-attr]
                self._stderr.append(line.decode(errors="replace"))

        self._stderr.clear()
        self._listener = threading.Thread(target=listen, daemon=True)
        self._listener.start()
        return process

    def _ask(self, lines: list[bytes]) -> list[Answer] | None:
        """None where the process ended first."""
        if self._process is None:
            self._process = self._start()
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None
        answers: list[Answer] = []
        try:
            # The whole batch is read before anything is answered: writing all of it first cannot deadlock.
            stdin.writelines(lines)
            stdin.write(b"\n")  # an empty line ends the batch
            stdin.flush()
            while (line := stdout.readline()) not in (b"", b"\n"):
                answers.append(_answer(line))
        except (BrokenPipeError, ConnectionResetError, json.JSONDecodeError):  # the last: a line cut short
            line = b""
        if line == b"\n" and len(answers) == len(lines):
            return answers
        self.close()
        return None


def row(text: str | None = None, image: bytes | None = None, **rest: str) -> dict[str, Any]:
    """A row for `Embedder.embed`; `rest` is what else a line may hold: `instruction`, `role`, `prefix`."""
    line: dict[str, Any] = {key: value for key, value in rest.items() if value is not None}
    if text is not None:
        line["text"] = text
    if image is not None:
        line["image"] = {"bytes": base64.b64encode(image).decode("ascii")}
    return line


def _answer(line: bytes) -> Answer:
    answer = json.loads(line)
    if "error" in answer:
        return Answer(None, answer["error"])
    return Answer(numpy.asarray(answer["embedding"], dtype=numpy.float32), None)


_shared: dict[tuple[tuple[str, ...], tuple[str, ...]], Embedder] = {}


def shared_embedder(options: Sequence[str], command: Sequence[str] = ("npx", "vlm2vec")) -> Embedder:
    """The one of this process: engines that keep their Python workers load the model once for all tasks of a worker."""
    key = (tuple(options), tuple(command))
    if key not in _shared:
        _shared[key] = Embedder(options, command)
    return _shared[key]
