"""python -m workbench.jobs: the processes of background training. LADTL_HOME and LADTL_DATABASE_URL say where."""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Sequence

from workbench.jobs.reaper import STALLED_SECONDS
from workbench.jobs.slots import Slot
from workbench.jobs.supervisor import HARD_KILL_SECONDS, SUPERVISOR, Supervisor, supervise
from workbench.store.database import open_database
from workbench.store.errors import Unavailable
from workbench.store.private import keep_private
from workbench.store.trouble import try_home


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(prog="python -m workbench.jobs", description=__doc__)
    commands = made.add_subparsers(dest="command", required=True)
    worker = commands.add_parser("worker", help="one process that trains, one run at a time; started again by hand")
    worker.add_argument("--slot", default="worker-1", help="its name on this machine (default: %(default)s)")
    supervised = commands.add_parser("supervise", help="keep workers alive on this machine, as the app does by itself")
    supervised.add_argument("--slots", type=int, default=1, help="how many workers (default: %(default)s)")
    supervised.add_argument(
        "--until-idle", action="store_true", help="end when no app is open and no run waits or runs, as the app asks"
    )
    supervised.add_argument(
        "--hard-kill-seconds",
        type=float,
        default=HARD_KILL_SECONDS,
        help="after a cancel, until a worker that goes on is killed (default: %(default)s)",
    )
    for command in (worker, supervised):
        command.add_argument(
            "--stalled-seconds",
            type=float,
            default=STALLED_SECONDS,
            help="without a heartbeat, until a run is taken from its worker (default: %(default)s)",
        )
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    given = parser().parse_args(arguments)
    keep_private()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        try_home()
        return _work(given) if given.command == "worker" else _supervise(given)
    except Unavailable as away:  # whoever started it starts it again
        logging.error("%s", away)
        return 1


def _work(given: argparse.Namespace) -> int:
    from workbench.jobs.worker import WorkerSettings, work  # the supervisor does without the queue and torch

    return work(WorkerSettings(slot=given.slot, stalled_seconds=given.stalled_seconds))


def _supervise(given: argparse.Namespace) -> int:
    slot = Slot(SUPERVISOR)
    if not slot.hold():
        logging.info("process %d is the supervisor here already", slot.pid())
        return 0
    command = [sys.executable, "-m", "workbench.jobs", "worker", "--stalled-seconds", str(given.stalled_seconds)]
    supervisor = Supervisor(
        open_database(),
        command,
        given.slots,
        hard_kill_seconds=given.hard_kill_seconds,
        stalled_seconds=given.stalled_seconds,
    )
    supervise(slot, supervisor, given.until_idle)
    return 0


if __name__ == "__main__":
    sys.exit(main())
