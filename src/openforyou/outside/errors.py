"""What can go wrong when another server is asked.

BadInput
└── OutsideRefused       the address may not be asked, or what it answers cannot be used
    └── OutsideSilent    nobody answered, or not in time; the same address may answer later
"""

from __future__ import annotations

from openforyou.core.errors import BadInput


class OutsideRefused(BadInput):
    """The address may not be asked, or what it answers cannot be used."""

    code = "outside_refused"


class OutsideSilent(OutsideRefused):
    """Nobody answered, or not in time. Says nothing about what stands there."""

    code = "outside_silent"
