"""Which URLs that came from outside may be called at all."""

import re
from dataclasses import dataclass

import idna

from shared.kernel.errors import Invalid
from shared.providers.public_addresses import IPAddress, is_public, parse

PORTS = {"443", "8443"}
LONGEST_URL = 2048
LONGEST_HOST = 253
INNER_NAMES = {
    "arpa", "cluster", "consul", "corp", "home", "host", "internal", "intranet", "invalid", "lan", "local",
    "localdomain", "localhost", "onion", "private", "svc", "workgroup",
}  # fmt: skip
METADATA_NAMES = {
    "metadata.goog",
    "metadata.packet.net",
    "metadata.platformequinix.com",
    "metadata.tencentyun.com",
    "private.googleapis.com",
    "restricted.googleapis.com",
}
_URL = re.compile(
    r"(https?)://(\[[0-9A-Fa-f.]*:[0-9A-Fa-f:.]+\]|[^][/?#@:\\%]+)(?::([^/?#@]*))?([/?].*)?", re.IGNORECASE
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_TO_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")


class ForbiddenUrl(Invalid):
    """A URL that may not be called; the code says by which rule."""

    def __init__(self, code: str, sentence: str) -> None:
        super().__init__(sentence, code=code)


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    host: str
    port: int
    allowed: bool


def check_url(url: str, allow: frozenset[str] = frozenset(), own: frozenset[str] = frozenset()) -> None:
    """Refuse what no delivery could ever reach lawfully, without asking DNS.

    `allow` holds "host:port" an operator vouches for; `own` holds our own names and addresses, which would be a loop.
    Raises ForbiddenUrl.
    """
    read_url(url, allow, own)


def read_url(url: str, allow: frozenset[str] = frozenset(), own: frozenset[str] = frozenset()) -> Target:
    scheme, host, port = _split(url)
    number = {"http": "80", "https": "443"}[scheme] if port is None else port
    if f"{host}:{number}" in allow:
        return Target(host=host.strip("[]"), port=_port(number), allowed=True)
    if scheme != "https":
        raise ForbiddenUrl("url_not_https", "Only https URLs can be called.")
    if number not in PORTS:
        raise ForbiddenUrl("url_port", "Only the ports 443 and 8443 can be called.")
    return Target(host=_check_host(host, own), port=_port(number), allowed=False)


def origin(url: str, allow: frozenset[str] = frozenset(), own: frozenset[str] = frozenset()) -> str:
    """The scheme, host and port of a URL in one spelling: what two must share to be the same server's.

    Raises ForbiddenUrl.
    """
    target = read_url(url, allow, own)
    return f"{url.partition(':')[0].lower()}://{target.host}:{target.port}"


def _split(url: str) -> tuple[str, str, str | None]:
    if len(url) > LONGEST_URL or re.search(r"[\s\x00-\x20\x7f#\\\ud800-\udfff]", url):
        raise ForbiddenUrl("url_shape", "Write a plain URL without spaces, backslashes or a fragment.")
    found = _URL.fullmatch(url)
    if not found:
        raise ForbiddenUrl("url_shape", "Write a full URL without a user name, as in https://waha.example.com.")
    scheme, host, port, _ = found.groups()
    return scheme.lower(), host.translate(_TO_LOWER), port


def _port(number: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,4}", number):
        raise ForbiddenUrl("url_port", "The port is not a number.")
    return int(number)


def _check_host(host: str, own: frozenset[str]) -> str:
    address = parse(host.strip("[]"))
    if host.startswith("[") and address is None:
        raise ForbiddenUrl("url_host", "The address in brackets is not an IPv6 address.")
    if address:
        check_address(address, own)
        return str(address)
    name = ".".join(map(_label, host.removesuffix(".").split(".")))
    if len(name) > LONGEST_HOST or "." not in name or not _is_top_level(name.rpartition(".")[2]):
        raise ForbiddenUrl("url_host", "The host must be a public name, as in waha.example.com.")
    if name in own | METADATA_NAMES or name.rpartition(".")[2] in INNER_NAMES:
        raise ForbiddenUrl("url_internal", "The host is a name inside a network, not a public one.")
    return name


def _label(label: str) -> str:
    """Check one part of a name. Nothing is mapped: a look-alike of a plain letter is refused, not turned into it."""
    try:
        if not label.isascii() or label.startswith("xn--"):
            return idna.alabel(label).decode()
    except (idna.IDNAError, UnicodeError) as error:
        raise ForbiddenUrl("url_host", "The host has characters no public name has.") from error
    if not _LABEL.fullmatch(label):
        raise ForbiddenUrl("url_host", "The host has characters no public name has.")
    return label


def _is_top_level(label: str) -> bool:
    """Tell a name's end from a number's: no top-level domain has a digit in it, in any script."""
    shown = idna.ulabel(label)
    return len(shown) > 1 and not any(character.isnumeric() or character == "-" for character in shown)


def check_address(address: IPAddress, own: frozenset[str]) -> None:
    if not is_public(address) or str(address) in own:
        raise ForbiddenUrl("url_address", "The host has an address that is not public.")
