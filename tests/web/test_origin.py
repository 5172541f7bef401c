"""Under which address people see us."""

from __future__ import annotations

import pytest
from starlette.requests import Request

from openforyou.core.errors import BadInput
from openforyou.web.origin import Site
from openforyou.web.problems import WrongHost


def asked(host: str, scheme: str = "http") -> Request:
    scope = {"type": "http", "method": "GET", "scheme": scheme, "path": "/", "query_string": b"", "root_path": ""}
    return Request({**scope, "headers": [(b"host", host.encode())], "server": ("127.0.0.1", 8000)})


@pytest.mark.parametrize(
    "origin", ["example.org", "https://", "ftp://example.org", "https://example.org/path", "https://a b"]
)
def test_a_setting_that_is_no_origin_is_named(origin: str) -> None:
    with pytest.raises(BadInput) as refused:
        Site.read(origin)
    assert refused.value.field == "OPENFORYOU_ORIGIN"


def test_a_set_origin_is_the_only_one() -> None:
    site = Site.read(" https://Example.org/ ")
    request = asked("example.org")
    site.check_host(request)
    assert site.of(request) == "https://example.org"
    assert site.is_secure(request)
    assert site.relying_party(request).id == "example.org"
    assert site.is_own(request, "https://example.org")
    assert not site.is_own(request, "http://example.org")
    for foreign in ("evil.example", "example.org.evil.example", "example.org:8080", "www.example.org"):
        with pytest.raises(WrongHost):
            site.check_host(asked(foreign))
    site.check_host(asked("127.0.0.1:8000"))  # a health check on the machine itself


def test_without_one_the_browser_says() -> None:
    site = Site.read("")
    request = asked("Localhost:8000")
    site.check_host(request)
    assert site.of(request) == "http://localhost:8000"
    assert not site.is_secure(request)
    assert site.is_secure(asked("example.org", "https"))
    party = site.relying_party(request)
    assert (party.id, party.origin) == ("localhost", "http://localhost:8000")
    assert site.is_own(request, "http://localhost:8000")
    assert site.is_own(request, "https://localhost:8000"), "a proxy may end the TLS"
    assert not site.is_own(request, "http://localhost")
    assert not site.is_own(request, "null")


@pytest.mark.parametrize("host", ["127.0.0.1", "192.168.1.7:8000", "[::1]:8000"])
def test_a_passkey_needs_a_name(host: str) -> None:
    with pytest.raises(BadInput) as refused:
        Site.read("").relying_party(asked(host))
    assert "http://localhost" in refused.value.hint
    assert "[" not in refused.value.hint
