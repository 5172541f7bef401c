"""The plan of a slideshow: data that a page, a command and a renderer read alike. Frozen; JSON in and out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, TypeVar

from openforyou.catalog.rules import checked_caption
from openforyou.core.errors import BadInput

SHOTS_MAX = 60
SHOT_MS_MIN, SHOT_MS_MAX = 400, 60_000
TOTAL_MS_MAX = 600_000
CAPTION_MAX = 200
TRANSITION_MS_MAX = 2_000
SIZES = ((720, 1_280), (1_080, 1_920))
RATES = (24, 25, 30)
Choice = TypeVar("Choice", bound=StrEnum)


class Motion(StrEnum):
    """How the eye is led over a still picture."""

    NONE = "none"
    IN = "in"
    OUT = "out"
    LEFT = "left"
    RIGHT = "right"


class Fit(StrEnum):
    """How a picture stands in the frame. Whole is the default: nobody's picture is cut unless they say so."""

    WHOLE = "whole"
    FILL = "fill"


class Ground(StrEnum):
    """What is around a whole picture."""

    BLUR = "blur"
    PLAIN = "plain"


class Transition(StrEnum):
    """How a shot comes in after the one before."""

    CUT = "cut"
    CROSSFADE = "crossfade"
    SLIDE = "slide"
    WIPE = "wipe"


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture, or a piece of a clip from `from_ms` on, for `duration_ms`. `file` names it among those handed in."""

    file: str
    duration_ms: int = 2_500
    caption: str = ""
    motion: Motion = Motion.IN
    fit: Fit = Fit.WHOLE
    ground: Ground = Ground.BLUR
    transition: Transition = Transition.CROSSFADE
    from_ms: int = 0


@dataclass(frozen=True, slots=True)
class Storyboard:
    """A whole slideshow. `sound` is a sound's public id, empty for none; `beats_ms` are where cuts are moved to."""

    shots: tuple[Shot, ...]
    width: int = 720
    height: int = 1_280
    rate: int = 30
    transition_ms: int = 400
    sound: str = ""
    sound_from_ms: int = 0
    beats_ms: tuple[int, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        return asdict(self)


def read(told: Any) -> Storyboard:
    """From JSON. Raises `BadInput` naming the place, as `shots[2].duration_ms`."""
    if not isinstance(told, Mapping):
        raise _bad("storyboard", "is no object")
    shots = told.get("shots")
    if not isinstance(shots, list | tuple) or not 1 <= len(shots) <= SHOTS_MAX:
        raise _bad("shots", f"has to be a list of 1 to {SHOTS_MAX}")
    _check_names(told, Storyboard, "")
    board = Storyboard(
        shots=tuple(_shot(one, f"shots[{number}]") for number, one in enumerate(shots)),
        width=_number(told, "width", 720, 1, 4_096),
        height=_number(told, "height", 1_280, 1, 4_096),
        rate=_number(told, "rate", 30, 1, 120),
        transition_ms=_number(told, "transition_ms", 400, 0, TRANSITION_MS_MAX),
        sound=_text(told, "sound", 11),
        sound_from_ms=_number(told, "sound_from_ms", 0, 0, TOTAL_MS_MAX),
        beats_ms=_beats(told.get("beats_ms", ())),
    )
    if (board.width, board.height) not in SIZES:
        raise _bad("width", "and height have to be 720×1280 or 1080×1920")
    if board.rate not in RATES:
        raise _bad("rate", f"has to be one of {', '.join(map(str, RATES))}")
    if sum(shot.duration_ms for shot in board.shots) > TOTAL_MS_MAX:
        raise _bad("shots", f"last longer than {TOTAL_MS_MAX // 60_000} minutes together")
    return board


def _shot(told: Any, place: str) -> Shot:
    if not isinstance(told, Mapping):
        raise _bad(place, "is no object")
    _check_names(told, Shot, f"{place}.")
    file = _text(told, "file", 255, place)
    if not file:
        raise _bad(f"{place}.file", "is missing")
    return Shot(
        file=file,
        duration_ms=_number(told, "duration_ms", 2_500, SHOT_MS_MIN, SHOT_MS_MAX, place),
        caption=checked_caption(_text(told, "caption", CAPTION_MAX, place)),
        motion=_choice(told, "motion", Motion.IN, place),
        fit=_choice(told, "fit", Fit.WHOLE, place),
        ground=_choice(told, "ground", Ground.BLUR, place),
        transition=_choice(told, "transition", Transition.CROSSFADE, place),
        from_ms=_number(told, "from_ms", 0, 0, TOTAL_MS_MAX, place),
    )


def _check_names(told: Mapping[str, Any], kind: type[Any], prefix: str) -> None:
    for name in told:
        if name not in kind.__dataclass_fields__:
            raise _bad(f"{prefix}{name}"[:80], "is not known")


def _number(told: Mapping[str, Any], name: str, default: int, least: int, most: int, place: str = "") -> int:
    value = told.get(name, default)
    if type(value) is not int or not least <= value <= most:
        raise _bad(f"{place}.{name}".lstrip("."), f"has to be a whole number from {least} to {most}")
    return value


def _text(told: Mapping[str, Any], name: str, length_max: int, place: str = "") -> str:
    value = told.get(name, "")
    if not isinstance(value, str) or len(value) > length_max:
        raise _bad(f"{place}.{name}".lstrip("."), f"has to be text of at most {length_max} letters")
    return value


def _choice(told: Mapping[str, Any], name: str, default: Choice, place: str) -> Choice:
    value = told.get(name, default)
    try:
        return type(default)(value)
    except ValueError:
        known = ", ".join(type(default))
        raise _bad(f"{place}.{name}", f"has to be one of {known}") from None


def _beats(told: Any) -> tuple[int, ...]:
    good = isinstance(told, list | tuple) and len(told) <= 6_000 and all(type(beat) is int for beat in told)
    if not good or list(told) != sorted(told):
        raise _bad("beats_ms", "has to be an ascending list of whole numbers")
    return tuple(told)


def _bad(place: str, why: str) -> BadInput:
    return BadInput(f"The storyboard cannot be used: {place} {why}.", hint="Mend it there.", field=place)
