"""Copied profiles were posted through fake accounts. Impostors who want to be taken for somebody else."""

HOSTS = (
    "social.example",
    "ada.example",
    "eve.example",
    "plc.example",
    "pds.example",
    "id.example",
)
"""Servers elsewhere that the attacked platform asks."""
