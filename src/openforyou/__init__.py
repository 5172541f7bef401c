"""OpenForYou: a short-video platform that you run yourself, with a feed that can show its work."""

from importlib.metadata import version

__version__ = version("openforyou")
