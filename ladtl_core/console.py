"""A progress bar on stderr, which leaves stdout to results."""

from __future__ import annotations

import sys
from typing import Any


class Bar:
    """Shows a run's `Progress`."""

    def __init__(self, unit: str, title: str = "") -> None:
        self.unit, self.title = unit, title

    def __enter__(self) -> Bar:
        from tqdm import tqdm

        self._bar = tqdm(unit=self.unit, file=sys.stderr)
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.close()

    def show(self, progress: Any) -> None:
        """Move to the epoch that `progress` is about."""
        self._bar.total = progress.epochs
        self._bar.set_description(f"{self.title} {progress.stage}".strip())
        if progress.dev is not None:
            self._bar.set_postfix(dev_f1=f"{progress.dev['f1']:.1f}", refresh=False)
        self._bar.update(progress.epoch - self._bar.n)
