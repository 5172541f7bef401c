"""For each method a world in which it can be met: where its proof stands, and how it is put there and taken away."""

from __future__ import annotations

from openforyou.catalog.identities.types import Begun
from openforyou.drills.elsewhere import Elsewhere, Reply, as_json, html

DID = "did:plc:" + "a" * 24
OTHER_DID = "did:plc:" + "b" * 24


class Scene:
    """`platform` and `who` are what is claimed; `host` serves it."""

    platform = "mastodon"
    host = "social.example"

    def __init__(self, there: Elsewhere) -> None:
        self.there = there
        self.who = f"ada@{there.at(self.host)}"
        self.put("")

    @property
    def page(self) -> tuple[str, str]:
        return self.host, "/@ada"

    def put(self, word: str) -> None:
        """Write what is wanted where it is looked for."""
        raise NotImplementedError

    def word(self, begun: Begun) -> str:
        """What is wanted."""
        return begun.challenge.code


class CodeScene(Scene):
    def put(self, word: str) -> None:
        self.there.pages[self.page] = html(f'<meta name="description" content="I film. {word}">')


class RelMeScene(Scene):
    def put(self, word: str) -> None:
        self.there.pages[self.page] = html(f'<link rel="me" href="{word or "https://elsewhere.example/ada"}">')

    def word(self, begun: Begun) -> str:
        return begun.steps[0].copy


class WellKnownScene(Scene):
    platform = "web"
    host = "ada.example"

    @property
    def page(self) -> tuple[str, str]:
        return self.host, "/.well-known/openforyou.txt"

    def __init__(self, there: Elsewhere) -> None:
        super().__init__(there)
        self.who = there.at(self.host)

    def put(self, word: str) -> None:
        self.there.pages[self.page] = Reply(f"# who I am\n{word}\n".encode())


class DnsScene(WellKnownScene):
    def put(self, word: str) -> None:
        self.there.texts["_openforyou.ada.example"] = ["v=spf1 -all", f"openforyou={word}"]


class AtprotoScene(WellKnownScene):
    platform = "bluesky"

    @property
    def page(self) -> tuple[str, str]:
        return "pds.example", "/xrpc/com.atproto.repo.getRecord"

    def put(self, word: str) -> None:
        self.there.texts["_atproto.ada.example"] = [f"did={DID}"]
        self.names(DID, f"at://{self.there.at('ada.example')}")
        self.there.pages[self.page] = as_json({"value": {"description": f"I film. {word}"}})

    def names(self, did: str, *handles: str) -> None:
        """What the document of a DID says."""
        service = {"id": "#atproto_pds", "serviceEndpoint": f"https://{self.there.at('pds.example')}"}
        document = {"id": did, "alsoKnownAs": list(handles), "service": [service]}
        self.there.pages["plc.example", f"/{did}"] = as_json(document)


SCENES: dict[str, type[Scene]] = {
    "code": CodeScene,
    "rel-me": RelMeScene,
    "well-known": WellKnownScene,
    "dns": DnsScene,
    "atproto": AtprotoScene,
}
