"""What happens before the first page is served."""

from __future__ import annotations

from workbench.services import access, demo
from workbench.web.guard import LOOPBACK


def prepare(address: str | None) -> None:
    """Refuse to serve more than this machine, then open the database, with the demonstration if it is new.

    Raises SystemExit if `address` is not a loopback address: without accounts anybody on the network could read.
    """
    if address not in LOOPBACK:
        raise SystemExit(
            f"server.address is {address or 'not set, which means every network'}; without accounts the workbench "
            "serves this machine only. Start it from its own folder, or set server.address to 127.0.0.1."
        )
    demo.ensure_demo(access.database())
