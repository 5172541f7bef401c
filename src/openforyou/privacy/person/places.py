"""Of every table whose rows it holds, how a person finds theirs, and what becomes of them when they go.

The copy and the erasure both walk this list. A table that is not in it stops both (`unmapped`), and so does a column
that was renamed: nothing is left behind in silence.

A row *goes*, or is *emptied*: where the public log names the number of an item or of a creator, the number stays in
its table, so that counts and other people's histories have something to refer to, and every word beside it goes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class Key(StrEnum):
    """By which number a row is somebody's."""

    VIEWER = "viewer"
    ACCOUNT = "account"
    MARK = "mark"
    """By what stands for an account in guardianships."""
    CREATOR = "creator"
    ITEM = "item"
    """Of an item that their creator handed in."""
    SOUND = "sound"
    """Of a sound that their creator owns."""
    CLAIMED = "claimed"
    """Of a claim that they opened."""
    ANSWERED = "answered"
    """Of a claim against them."""


class Fate(StrEnum):
    """What becomes of a row when its person goes."""

    GONE = "gone"
    EMPTIED = "emptied"
    STAYS = "stays"


ANOTHER = "another number"
"""In place of an id: one that leads nowhere, the same for all rows of an erasure."""
NUMBERED = "-{id}"
"""In place of a name that must be unlike all others: the row's own number, in a form that no name can have."""


@dataclass(frozen=True, slots=True)
class Place:
    """Rows of one table that are somebody's by one column."""

    table: str
    by: Key
    column: str
    topic: str
    """The file of the copy."""
    only: Mapping[str, str] = field(default_factory=dict)
    """Rows with these values alone."""
    fate: Fate = Fate.GONE
    emptied: Mapping[str, Any] = field(default_factory=dict)
    """What stands in an emptied row instead."""
    hidden: Mapping[str, str] = field(default_factory=dict)
    """Columns that are not in the copy, and why."""
    why: str = ""
    """Why it stays, or is emptied."""
    is_history: bool = False
    """Goes with the watching history alone, too."""
    is_choice: bool = False
    """A choice: who forgets the history alone takes it along to the new pseudonym."""
    waits: bool = False
    """Stays while a claim that it bears on is open."""
    is_key: bool = False
    """Destroyed last: with it goes what the log's marks lead to."""

    def columns(self) -> Iterator[str]:
        """Every column that is named here."""
        yield from (self.column, *self.only, *self.emptied, *self.hidden)


_SECRET = "whoever holds it finds what is yours in the public log: the proofs page gives it to you alone"  # noqa: S105
_SEAL = "it is sealed; what opens for you stands in `opened`"
_OTHER = "names somebody else"
_INDEX = "made by us so that it is found, and no use elsewhere"
_EVIDENCE = "the other side's evidence: your words go, that there was a claim stays for five years"
_LOG = "the public log names its number"

PLACES: tuple[Place, ...] = (
    # Who somebody is.
    Place(
        "accounts",
        Key.ACCOUNT,
        "id",
        "account",
        hidden={
            "password_hash": "your password cannot be read from it",
            "email_mark": _INDEX,
            "viewer_mark": _INDEX,
        },
    ),
    Place("passkeys", Key.ACCOUNT, "account_id", "passkeys"),
    Place("sessions", Key.ACCOUNT, "account_id", "sessions", hidden={"token_sha256": _INDEX, "envelope": _SEAL}),
    Place(
        "passkey_challenges",
        Key.ACCOUNT,
        "account_id",
        "challenges",
        hidden={"challenge_sha256": _INDEX, "envelope": _SEAL},
    ),
    Place("guardians", Key.MARK, "ward_mark", "guardians", hidden={"ward_mark": _INDEX, "guardian_mark": _OTHER}),
    Place("guardians", Key.MARK, "guardian_mark", "wards", hidden={"ward_mark": _OTHER, "guardian_mark": _INDEX}),
    Place(
        "guardian_invitations",
        Key.MARK,
        "ward_mark",
        "guardians_invited",
        hidden={"code_sha256": _INDEX, "ward_mark": _INDEX, "envelope": _SEAL},
    ),
    Place("sealed_fields", Key.ACCOUNT, "subject_id", "seals", {"kind": "account"}, hidden={"sealed": _SEAL}),
    Place(
        "sealed_fields",
        Key.VIEWER,
        "subject_id",
        "seals",
        {"kind": "viewer"},
        hidden={"sealed": _SEAL},
        is_history=True,
    ),
    # What they did.
    Place("events", Key.VIEWER, "viewer_id", "events", is_history=True),
    Place("viewer_items", Key.VIEWER, "viewer_id", "history", is_history=True),
    Place("follows", Key.VIEWER, "viewer_id", "follows", is_history=True),
    Place("slates", Key.VIEWER, "viewer_id", "slates", is_history=True),
    Place("asked_for_more", Key.VIEWER, "viewer_id", "wishes", is_history=True),
    Place("viewer_controls", Key.VIEWER, "viewer_id", "controls", is_history=True, is_choice=True),
    Place("muted", Key.VIEWER, "viewer_id", "mutes", is_history=True, is_choice=True, hidden={"codes": _INDEX}),
    # What they allowed.
    Place("rights", Key.VIEWER, "subject_id", "rights", {"subject_kind": "viewer"}, is_history=True),
    Place(
        "right_events",
        Key.VIEWER,
        "subject_id",
        "rights_said",
        {"subject_kind": "viewer"},
        fate=Fate.EMPTIED,
        emptied={"subject_id": ANOTHER, "granted_by": "", "evidence": "", "region": ""},
        why="the public log holds that something was said; whose word it was, and on what evidence, goes",
        is_history=True,
    ),
    Place("rights", Key.ITEM, "subject_id", "rights", {"subject_kind": "item"}),
    Place("rights", Key.SOUND, "subject_id", "rights", {"subject_kind": "sound"}),
    Place(
        "right_events",
        Key.ITEM,
        "subject_id",
        "rights_said",
        {"subject_kind": "item"},
        fate=Fate.EMPTIED,
        emptied={"granted_by": "", "evidence": "", "region": ""},
        why="the public log holds that something was said; who said it, and on what evidence, goes",
        waits=True,
    ),
    Place(
        "right_events",
        Key.SOUND,
        "subject_id",
        "rights_said",
        {"subject_kind": "sound"},
        fate=Fate.EMPTIED,
        emptied={"granted_by": "", "evidence": "", "region": ""},
        why="the public log holds that something was said; who said it, and on what evidence, goes",
    ),
    Place(
        "rights",
        Key.CREATOR,
        "given_to",
        "rights_given_to_you",
        fate=Fate.STAYS,
        why="the word of a sound's owner, held to the public log; it names your number, which leads to nobody",
        hidden={"granted_by": _OTHER, "evidence": _OTHER},
    ),
    Place(
        "right_events",
        Key.CREATOR,
        "given_to",
        "rights_given_to_you",
        fate=Fate.STAYS,
        why="the word of a sound's owner, held to the public log; it names your number, which leads to nobody",
        hidden={"granted_by": _OTHER, "evidence": _OTHER},
    ),
    # What they published.
    Place(
        "creators",
        Key.CREATOR,
        "id",
        "creator",
        fate=Fate.EMPTIED,
        emptied={"handle": NUMBERED, "name": "", "bio": "", "account_id": None, "guarded": False},
        why=f"{_LOG}: who follows is counted under it",
        waits=True,
    ),
    Place(
        "items",
        Key.CREATOR,
        "creator_id",
        "items",
        fate=Fate.EMPTIED,
        emptied={
            "status": "withdrawn",
            "title": "",
            "caption": "",
            "region": "",
            "language": "",
            "words": [],
            "poster_key": "",
            "preview_key": "",
            "source_name": "",
            "source_key": "",
            "source_sha256": "",
            "source_url": "",
            "signed_by": "",
            "failure": "",
            "reason": "",
            "posted_at": None,
            "sound_id": None,
            "library_sound_id": None,
        },
        hidden={"words": _INDEX},
        why=f"{_LOG}: views and likes are counted under it",
        waits=True,
    ),
    Place("renditions", Key.ITEM, "item_id", "renditions", waits=True),
    Place("articles", Key.ITEM, "item_id", "articles", waits=True),
    Place("features", Key.ITEM, "item_id", "features", waits=True),
    Place("credentials", Key.ITEM, "item_id", "credentials", waits=True),
    Place("opt_outs", Key.ITEM, "item_id", "opt_outs"),
    Place("signals", Key.ITEM, "item_id", "signals"),
    Place("item_sounds", Key.ITEM, "item_id", "item_sounds", waits=True),
    Place("policy_effects", Key.ITEM, "item_id", "effects_of_rules"),
    Place(
        "copy_prints",
        Key.ITEM,
        "item_id",
        "copy_prints",
        hidden={"picture": _INDEX, "sound": _INDEX},
        waits=True,
    ),
    Place("copy_matches", Key.ITEM, "item_id", "copies", hidden={"other_id": _OTHER, "evidence": _OTHER}, waits=True),
    Place("copy_matches", Key.ITEM, "other_id", "copied", hidden={"item_id": _OTHER, "evidence": _OTHER}, waits=True),
    Place("item_counts", Key.ITEM, "item_id", "counts", fate=Fate.STAYS, why="numbers, folded from the public log"),
    Place(
        "creator_counts",
        Key.CREATOR,
        "creator_id",
        "followers",
        fate=Fate.STAYS,
        why="a number, folded from the public log",
    ),
    Place(
        "sounds",
        Key.CREATOR,
        "owner_id",
        "sounds",
        fate=Fate.EMPTIED,
        emptied={
            "title": "",
            "owner_name": "",
            "evidence": "",
            "audio_key": "",
            "sha256": NUMBERED,
            "peaks": b"",
            "beats_ms": [],
            "landmarks": b"",
        },
        hidden={"landmarks": _INDEX, "peaks": _INDEX},
        why="other people's clips were set to it, and name its number",
    ),
    # Where they come from.
    Place("imported_entries", Key.CREATOR, "creator_id", "imported"),
    Place("import_runs", Key.CREATOR, "creator_id", "imports"),
    Place("identities", Key.CREATOR, "creator_id", "identities", waits=True),
    Place("identity_checks", Key.CREATOR, "creator_id", "identity_checks", waits=True),
    Place("identity_challenges", Key.CREATOR, "creator_id", "identity_challenges"),
    # What they disputed.
    Place(
        "claims",
        Key.CREATOR,
        "claimant_id",
        "claims",
        fate=Fate.EMPTIED,
        emptied={"handle": None},
        hidden={"respondent_id": _OTHER, "decided_by": _OTHER},
        why=_EVIDENCE,
        waits=True,
    ),
    Place(
        "claims",
        Key.CREATOR,
        "respondent_id",
        "claims_against_you",
        fate=Fate.EMPTIED,
        emptied={"handle": None},
        hidden={"claimant_id": _OTHER, "decided_by": _OTHER},
        why=_EVIDENCE,
        waits=True,
    ),
    Place(
        "claim_steps",
        Key.CLAIMED,
        "claim_id",
        "claim_steps",
        {"side": "claimant"},
        fate=Fate.EMPTIED,
        emptied={"words": ""},
        hidden={"by": _OTHER},
        why=_EVIDENCE,
        waits=True,
    ),
    Place(
        "claim_steps",
        Key.ANSWERED,
        "claim_id",
        "claim_steps",
        {"side": "respondent"},
        fate=Fate.EMPTIED,
        emptied={"words": ""},
        hidden={"by": _OTHER},
        why=_EVIDENCE,
        waits=True,
    ),
    Place("clearances", Key.CREATOR, "creator_id", "clearances"),
    # What makes their marks.
    Place(
        "subject_secrets",
        Key.ITEM,
        "id",
        "marks",
        {"kind": "item"},
        hidden={"secret": _SECRET},
        waits=True,
        is_key=True,
    ),
    Place("subject_secrets", Key.SOUND, "id", "marks", {"kind": "sound"}, hidden={"secret": _SECRET}, is_key=True),
    Place(
        "subject_secrets",
        Key.VIEWER,
        "id",
        "marks",
        {"kind": "viewer"},
        hidden={"secret": _SECRET},
        is_history=True,
        is_key=True,
    ),
    Place("viewer_secrets", Key.VIEWER, "viewer_id", "marks", hidden={"secret": _SECRET}, is_history=True, is_key=True),
)

NOBODYS: Mapping[str, str] = {
    "tasks": "progress of long work",
    "log_state": "where the way into the log stands",
    "pending_leaves": "what the public log will hold: marks, and no names",
    "log_batches": "which leaves went into the log together",
    "refusals": "how many events were refused, by reason",
    "policies": "published rules; the log holds each, for everybody to check",
    "weights_records": "published weights",
    "models": "what models are made of, in sums",
    "model_subjects": "packed numbers of whom a model learned from; it goes with the weights, by the deadline",
    "stale_models": "which models must go, and by when",
    "model_ends": "weights that were destroyed",
    "erasures": "receipts; while one runs it holds the numbers of who goes, and loses them with its last step",
    "retention_runs": "how many rows were removed by age",
}
"""Tables without a row that is one person's, and why."""
TOPICS: Mapping[str, tuple[str, str]] = {
    "account": ("Your account", "How you sign in, and who you are to us."),
    "passkeys": ("Passkeys", "The public halves of the keys that you sign in with."),
    "sessions": ("Where you are signed in", "When each began, and when it ends by itself."),
    "challenges": ("Sign-ins that were begun", "Good for five minutes."),
    "guardians": ("Who decides for you", "Guardians of a minor's account."),
    "wards": ("For whom you decide", "Since when, and how that is known."),
    "guardians_invited": ("Guardians that you invited", "An invitation is good for two days."),
    "events": ("What you did", "Each thing that moved a number: views, likes, follows, time watched."),
    "history": ("What you watched", "For each clip, all that you ever did with it: your feed is made from this."),
    "follows": ("Whom you follow", "And whom you followed once."),
    "slates": ("What you were shown, and why", "Each feed as it was served, with the reason for each clip."),
    "wishes": ("What you wanted more of", "Clips on which you pressed “More like this”."),
    "controls": ("What you chose", "Profiling, pauses, languages, region."),
    "mutes": ("What you muted", "Creators, sounds, topics and words."),
    "rights": ("What you allow now", "Rights over your history, your clips and your sounds."),
    "rights_said": ("Each word about your rights", "Every yes and no, in the order in which they count."),
    "rights_given_to_you": ("Sounds that you may use", "Rights that owners of sounds gave you."),
    "creator": ("Your page", "Your handle, name and bio."),
    "items": ("Your clips", "Everything that you handed in, in whatever state."),
    "renditions": ("Files of your clips", "Sizes and names of what is played."),
    "articles": ("Texts of your articles", "As they are shown."),
    "features": ("How your clips are described", "Numbers by which clips alike are found."),
    "credentials": ("What your files say of themselves", "Content Credentials."),
    "opt_outs": ("Refusals in your files", "What says that nobody may learn from them."),
    "signals": ("Refusals on pages", "What pages that your clips come from say of learning."),
    "item_sounds": ("Sounds in your clips", "Registered sounds that were heard or chosen."),
    "effects_of_rules": ("What limited or lifted your clips", "By day, how often which published rule acted."),
    "copy_prints": ("Fingerprints of your clips", "Copies are found by them."),
    "copies": ("What your clips were taken for", "Comparisons with clips that were here before."),
    "copied": ("What was taken for yours", "Comparisons of later clips with yours."),
    "counts": ("Numbers of your clips", "Folded from the public log."),
    "followers": ("Your followers", "A number, folded from the public log."),
    "sounds": ("Your sounds", "What you registered."),
    "imported": ("What you brought along", "Each entry of an archive from elsewhere."),
    "imports": ("Archives that you sent", "And what became of them."),
    "identities": ("Your accounts elsewhere", "Those that you proved."),
    "identity_checks": ("Looks at your accounts elsewhere", "What was seen, when."),
    "identity_challenges": ("Proofs that you began", "Good for a day."),
    "claims": ("Claims that you made", "And how they were decided."),
    "claims_against_you": ("Claims against you", "And how they were decided."),
    "claim_steps": ("What you said in claims", "Your own words."),
    "clearances": ("What you were cleared of", "Clips that may be like others' by a decision."),
    "seals": ("What is sealed of you", "Which fields there are; `opened` has what is in them."),
    "marks": ("Secrets of yours that we hold", "Which there are; not what they are."),
}
"""Each file of the copy: its heading, and what it is."""


def unmapped(tables: Mapping[str, Any]) -> list[str]:
    """Tables of which nobody said whose rows they are, and names here that no table has."""
    named = {place.table for place in PLACES} | NOBODYS.keys()
    found = sorted(set(tables) - named)
    found += sorted(f"{name} (gone)" for name in named - set(tables))
    for place in PLACES:
        table = tables.get(place.table)
        if table is not None:
            found += [f"{place.table}.{name}" for name in place.columns() if name not in table.columns]
    return found
