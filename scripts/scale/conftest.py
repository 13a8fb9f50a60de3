"""What the tests of Spark and Ray share: rows, what one machine makes of them, and someone who kills."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import signal
import subprocess
import time
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy
import psutil
import pyarrow
import pyarrow.parquet
import pytest

ROOT = Path(__file__).resolve().parents[2]
TSX = ROOT / "node_modules/tsx/dist/loader.mjs"
COMMAND = ["node", "--import", TSX.as_uri(), str(ROOT / "src/cli/index.ts")]
TEXTS, PICTURES, FILES = 1600, 80, 8
WORDS = "red green kite dog beach river two old small city at night on under a the photo of people snow boat".split()

Row = dict[str, object]


@pytest.fixture(scope="session")
def rows() -> list[Row]:
    """Texts, pictures, both together; one in a hundred is bad, each in another way."""
    chance = random.Random(16)
    with zipfile.ZipFile(ROOT / "public/eval/mmeb-mini/images.zip") as archive:
        names = sorted(name for name in archive.namelist() if not name.endswith("/"))
        pictures = [archive.read(name) for name in chance.sample(names, PICTURES)]
    made: list[Row] = []
    for i in range(TEXTS):
        words = " ".join(chance.choices(WORDS, k=chance.randint(1, 40)))
        made.append({"id": f"text-{i}", "text": words, "image": None})
    for i, picture in enumerate(pictures):
        made.append({"id": f"picture-{i}", "text": "a picture" if i % 2 else None, "image": picture})
    for i, bad in enumerate(chance.sample(made, len(made) // 100)):
        cut = bytes(pictures[0][:100])
        bad.update([{"text": None, "image": None}, {"image": b"no picture"}, {"image": cut}, {"text": ""}][i % 4])
    made.extend([{"id": "newline", "text": "a\n\nb\u2028c", "image": None}, {"id": "empty", "text": "", "image": b""}])
    chance.shuffle(made)
    return made


@pytest.fixture(scope="session")
def source(rows: list[Row], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several files, none of a round number of rows: batches of a cluster are not those of one machine."""
    folder = tmp_path_factory.mktemp("source")
    schema = pyarrow.schema([("id", pyarrow.string()), ("text", pyarrow.string()), ("image", pyarrow.binary())])
    for i in range(FILES):
        part = pyarrow.Table.from_pylist(rows[i::FILES], schema)
        pyarrow.parquet.write_table(part, folder / f"{i}.parquet")
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In a folder of its own, by which its processes are told from others."""
    return Path(shutil.copytree(ROOT / "public/models/nano", tmp_path_factory.mktemp("model") / "nano"))


def embed_here(rows: list[Row], model: Path | str, *flags: str) -> list[dict[str, object]]:
    """The answers of one `vlm2vec embed`, which are the measure of all others."""
    lines = []
    for row in rows:
        image = row["image"]
        line = {"id": row["id"], "text": row["text"]}
        if image is not None:
            line["image"] = {"bytes": base64.b64encode(image).decode()}  # type: ignore[arg-type]
        lines.append(json.dumps(line))
    command = [*COMMAND, "embed", "--model", str(model), "--jsonl", "-", "--skip-bad", *flags]
    done = subprocess.run(command, input="\n".join(lines), capture_output=True, text=True, check=False)
    assert done.returncode in (0, 3), done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


@pytest.fixture(scope="session")
def expected(rows: list[Row], model: Path) -> list[dict[str, object]]:
    return embed_here(rows, model, "--batching", "single")


def expect_same(target: Path, expected: list[dict[str, object]]) -> None:
    """Every row once; vectors to the bit, errors to the letter but for the number of the line."""
    found = {row["id"]: row for row in pyarrow.parquet.read_table(target).to_pylist()}
    assert sorted(found) == sorted(str(row["id"]) for row in expected)
    assert pyarrow.parquet.read_table(target).num_rows == len(expected)
    bad = 0
    for row in expected:
        other = found[row["id"]]
        if "error" in row:
            bad += 1
            assert other["embedding"] is None
            assert other["error"] == str(row["error"]).split(": ", 1)[1]
        else:
            assert other["error"] is None
            vector = numpy.asarray(other["embedding"], dtype=numpy.float32)
            assert vector.tobytes() == numpy.asarray(row["embedding"], dtype=numpy.float32).tobytes(), row["id"]
    assert bad >= len(expected) // 100


@dataclass
class Killed:
    """What became of a job of which a model and a worker were killed midway."""

    models: set[int]
    """Pids of all models that there were."""
    later: set[int]
    """Of those that were started after the second kill."""


def models_of(model: Path) -> list[psutil.Process]:
    """Processes of `vlm2vec embed --serve` with this model, oldest first."""
    found = []
    for process in psutil.process_iter():
        try:
            line = process.cmdline()
            if "--serve" in line and str(model) in line and Path(line[0]).name == "node":
                found.append((process.create_time(), process))
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return [process for _, process in sorted(found, key=lambda each: each[0])]


def at_work(model: Path, apart_from: set[int], job: subprocess.Popen[str]) -> psutil.Process:
    """A model that has embedded for two seconds: well past its loading, which takes one."""
    limit = time.time() + 400
    while time.time() < limit:
        assert job.poll() is None, f"The job ended before anything was killed:\n{job.communicate()}"
        for process in models_of(model):
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            if process.pid not in apart_from and times.user + times.system > 3:
                return process
        time.sleep(0.1)
    raise TimeoutError("No model was at work.")


def run_and_kill(command: list[str], model: Path, env: dict[str, str], cwd: Path) -> Killed:
    """Runs the job; kills a model, then the worker that holds another. The job is to end well all the same."""
    log = cwd / "job.log"
    with log.open("w") as output:
        job = subprocess.Popen(command, env={**os.environ, **env}, cwd=cwd, stdout=output, stderr=output, text=True)
        try:
            first = at_work(model, set(), job)
            first.send_signal(signal.SIGKILL)
            second = at_work(model, {first.pid}, job)
            worker = second.parent()
            assert worker is not None
            assert "python" in worker.name() or "ray" in worker.name(), worker
            before = {process.pid for process in models_of(model)}
            worker.send_signal(signal.SIGKILL)
            later: set[int] = set()
            while job.poll() is None:
                later.update(process.pid for process in models_of(model) if process.pid not in before)
                time.sleep(0.1)
        finally:
            if job.poll() is None:
                job.kill()
            job.wait()
    assert job.returncode == 0, log.read_text()[-8000:]
    limit = time.time() + 10
    while models_of(model) and time.time() < limit:
        time.sleep(0.1)
    assert models_of(model) == [], "A model outlived its worker."
    return Killed(before | later | {first.pid}, later)
