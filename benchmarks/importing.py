"""An import as the app does it, on SQLite in a process of its own: records a second and memory at its peak.

    python -m benchmarks importing

The demo's records are repeated under new ids, with their labels, until there are enough.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from itertools import cycle, islice
from pathlib import Path

from benchmarks.extra_memory import resident
from workbench.services import exchange, importing
from workbench.store.database import Database

DEMO = Path(__file__).parents[1] / "data" / "demo" / "cardiology.jsonl"
MEGABYTE = 1_000_000


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--records", type=int, nargs="+", default=[10_000, 100_000], help="sizes (10000 100000)")


def run(options: argparse.Namespace) -> None:
    from benchmarks.output import begin, record  # loads torch, which an import does without

    begin(options)
    for size in options.records:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "records.jsonl"
            write(file, size)
            command = [sys.executable, "-m", "benchmarks.importing", str(file)]
            row = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
        seconds = row["preview"] + row["writing"]
        print(
            f"{size:>7} records, {row['file']:.0f} MB: {size / seconds:.0f} a second ({row['preview']:.1f} s to look, "
            f"{row['writing']:.1f} s to write); memory {row['before']:.0f} MB before and {row['peak']:.0f} MB at the "
            f"peak; database {row['database']:.0f} MB",
            flush=True,
        )
        record(options, {"table": "importing", "records": size, **row})


def write(file: Path, size: int) -> None:
    demo = [json.loads(line) for line in DEMO.read_text(encoding="utf-8").splitlines()]
    with file.open("w", encoding="utf-8") as out:
        for number, one in enumerate(islice(cycle(demo), size)):
            out.write(json.dumps({**one, "id": f"{one['id']}-{number}"}) + "\n")


def measured(file: Path) -> dict[str, float]:
    """Seconds and megabytes of an import of one file of JSON lines."""
    database = Database(f"sqlite:///{file.with_name('workbench.db')}")
    database.migrate()
    before, start = resident("VmRSS"), time.perf_counter()
    found = exchange.preview(database, [(file.name, file.read_bytes())], "jsonl", department="Cardiology")
    looked = time.perf_counter()
    importing.commit(database, found, "local")
    written = time.perf_counter()
    database.close()
    return {
        "preview": looked - start,
        "writing": written - looked,
        "before": before * 1024 / MEGABYTE,
        "peak": resident("VmHWM") * 1024 / MEGABYTE,
        "file": file.stat().st_size / MEGABYTE,
        "database": file.with_name("workbench.db").stat().st_size / MEGABYTE,
    }


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
