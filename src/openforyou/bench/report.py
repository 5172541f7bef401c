"""What every benchmark prints: figures with their spread, beside a named baseline measured in the same run."""

from __future__ import annotations

import http.client
import os
import platform
import socket
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from statistics import median
from time import sleep
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from openforyou.core.errors import Unavailable


@dataclass(frozen=True, slots=True)
class Report:
    """One run of one benchmark. `baseline` names what the ratios are to, with its own figures."""

    bench: str
    settings: Mapping[str, Any]
    metrics: Mapping[str, float]
    baseline: Mapping[str, Any]
    detail: Mapping[str, Any]
    """Spread over repeats, time by stage: whatever explains the metrics."""

    def as_dict(self) -> dict[str, Any]:
        """The JSON document."""
        return {
            "bench": self.bench,
            "machine": machine(),
            "settings": dict(self.settings),
            "metrics": dict(self.metrics),
            "baseline": dict(self.baseline),
            "detail": dict(self.detail),
        }

    def print(self, console: Console) -> None:
        """The table for people."""
        table = Table(title=f"bench {self.bench}", title_justify="left")
        table.add_column("figure")
        table.add_column("value", justify="right")
        for name, value in self.metrics.items():
            table.add_row(name, shown(value))
        for name, value in self.baseline.items():
            table.add_row(f"baseline: {name}", shown(value), style="dim")
        for name, value in self.detail.items():
            table.add_row(name, shown(value), style="dim")
        console.print(table)


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": platform.machine(),
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
    }


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until_answered(port: int) -> None:
    """Until a server there answers. Raises `Unavailable` after a minute."""
    for _ in range(600):
        with suppress(OSError), closing(http.client.HTTPConnection("127.0.0.1", port, timeout=5)) as connection:
            connection.request("GET", "/v1/progress")
            connection.getresponse().read()
            return
        sleep(0.1)
    raise Unavailable("The server did not start.", hint="Run `openforyou serve` by hand and read what it says.")


def spread(values: Sequence[float]) -> dict[str, float]:
    """Least, median and greatest of repeats."""
    return {"min": min(values), "median": median(values), "max": max(values)}


def percentile(values: Sequence[float], share: float) -> float:
    """The `share` quantile, as in 0.99, by linear interpolation."""
    return float(np.quantile(np.asarray(values), share))


def shown(value: Any) -> str:
    """A figure at reading precision."""
    if isinstance(value, Mapping):
        return "  ".join(f"{name} {shown(one)}" for name, one in value.items())
    if isinstance(value, float):
        return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
    return f"{value:,}" if isinstance(value, int) else str(value)
