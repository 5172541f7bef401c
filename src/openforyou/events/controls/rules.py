"""What can be muted, and by which codes it is found. Pure."""

from __future__ import annotations

from openforyou.core.errors import BadInput, TooLarge
from openforyou.core.ids import MAX_ID
from openforyou.core.languages import primary_tag
from openforyou.core.words import TOPIC_MARK, code, plain, wanted_codes, words
from openforyou.events.controls.types import LANGUAGES_MAX, WORD_LENGTH_MAX, WORDS_MAX, MuteKind

_BY_ID = {MuteKind.CREATOR, MuteKind.SOUND}


def checked_key(kind: MuteKind, key: str) -> str:
    """In its one form. Raises `BadInput` naming `key`: no word in it, several topics, no id."""
    if kind in _BY_ID:
        if not (key.isascii() and key.isdecimal() and 0 < int(key) <= MAX_ID):
            raise BadInput(f"{key[:40]!r} is no {kind.value}.", hint="Send its id.", field="key")
        return str(int(key))
    if len(key) > WORD_LENGTH_MAX:
        raise TooLarge(f"The {kind.value} is too long.", hint=f"At most {WORD_LENGTH_MAX} characters.", field="key")
    found = words(key)
    if not found:
        raise BadInput(f"There is no word in {key[:40]!r}.", hint="Use letters or digits.", field="key")
    if kind is MuteKind.TOPIC and len(found) > 1:
        raise BadInput(f"{key[:40]!r} is no topic.", hint="A topic is one word, as in #cats.", field="key")
    if len(found) > WORDS_MAX:
        raise BadInput(f"{key[:40]!r} has too many words.", hint=f"At most {WORDS_MAX} at a time.", field="key")
    return " ".join(found)


def codes_of(kind: MuteKind, key: str) -> list[int]:
    """A clip that carries all of these is muted. `key` is in its one form."""
    if kind in _BY_ID:
        return [int(key)]
    return [code(TOPIC_MARK + plain(key))] if kind is MuteKind.TOPIC else sorted(wanted_codes(key))


def checked_languages(tags: tuple[str, ...]) -> tuple[str, ...]:
    """Primary tags, each once, in order of the alphabet. Raises `BadInput` naming `languages`."""
    found = sorted({primary_tag(tag, "languages") for tag in tags} - {""})
    if len(found) > LANGUAGES_MAX:
        raise BadInput(
            f"You chose {len(found)} languages.",
            hint=f"{LANGUAGES_MAX} is the most; none means all.",
            field="languages",
        )
    return tuple(found)
