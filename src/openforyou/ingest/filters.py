"""A straight line of FFmpeg filters that can be fed frame by frame, for what only a filter does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from av.audio.frame import AudioFrame
from av.filter import Graph
from av.video.frame import VideoFrame

Filters = tuple[tuple[str, str], ...]
"""Names and arguments, in order."""


class PictureLine:
    """Video filters over frames that may change their form on the way: the line is then built anew."""

    def __init__(self, *filters: tuple[str, str]) -> None:
        self._filters = filters
        self._form: tuple[int, int, str] | None = None
        self._graph: Graph | None = None

    def push(self, frame: VideoFrame | None) -> Iterator[VideoFrame]:
        """What the line gives back, now and for `None` at the end. Times pass through."""
        if frame is not None and self._form != (form := (frame.width, frame.height, frame.format.name)):
            yield from self.push(None)
            graph = Graph()
            width, height, format_name = form
            pixels = f"video_size={width}x{height}:pix_fmt={format_name}:pixel_aspect=1/1"
            colour = f":colorspace={frame.colorspace}:range={frame.color_range}"
            source = graph.add("buffer", f"{pixels}:time_base={frame.time_base}{colour}")
            nodes = [source, *(graph.add(name, args) for name, args in self._filters), graph.add("buffersink")]
            graph.link_nodes(*nodes).configure()
            self._graph, self._form = graph, form
        if self._graph is None:
            return
        self._graph.push(frame)
        while (out := _pulled(self._graph)) is not None:
            assert isinstance(out, VideoFrame)
            yield out


class SoundLine:
    """Audio filters, likewise; `filters` is asked for them, by the rate of what comes, each time the line is built."""

    def __init__(self, filters: Callable[[int], Filters]) -> None:
        self._filters = filters
        self._form: tuple[str, str, int] | None = None
        self._graph: Graph | None = None

    def push(self, frame: AudioFrame | None) -> Iterator[AudioFrame]:
        """What the line gives back, now and for `None` at the end."""
        if frame is not None and self._form != (form := (frame.format.name, frame.layout.name, frame.sample_rate)):
            yield from self.push(None)
            graph = Graph()
            source = graph.add_abuffer(
                format=frame.format,
                layout=frame.layout,
                sample_rate=frame.sample_rate,
                time_base=frame.time_base or Fraction(1, frame.sample_rate),
            )
            nodes = [
                source,
                *(graph.add(name, args) for name, args in self._filters(frame.sample_rate)),
                graph.add("abuffersink"),
            ]
            graph.link_nodes(*nodes).configure()
            self._graph, self._form = graph, form
        if self._graph is None:
            return
        self._graph.push(frame)
        while (out := _pulled(self._graph)) is not None:
            assert isinstance(out, AudioFrame)
            yield out


def _pulled(graph: Graph) -> VideoFrame | AudioFrame | None:
    """The next frame, or None when the line wants more or is done."""
    try:
        return graph.pull()
    except (BlockingIOError, EOFError):
        return None
