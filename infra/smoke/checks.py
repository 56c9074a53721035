"""What must be true of an installation that serves; in this order, as some need what an earlier one found."""

import itertools
import secrets
from collections.abc import Callable
from typing import NamedTuple

import httpx

from infra.smoke.visit import EMAIL, NAME, ORIGIN, PERSON, Broken, Visit, odd_bytes

STRANGE = '\xe9 \u00e7\u00e3o \U0001f642 \u2028 \x7f \\ " / fim'
PEOPLE = "/api/v1/users"
OUTCOMES = {"sent", "delivered", "read", "failed", "unknown"}


class Check(NamedTuple):
    """`run` raises Broken when it does not hold."""

    sentence: str
    run: Callable[[Visit], None]


def health(visit: Visit) -> None:
    visit.like(visit.send("GET", "/health"), 200)


def preflight(visit: Visit) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    answer = visit.send("OPTIONS", "/api/v1/crm/contacts", headers=headers)
    visit.like(answer, 204)
    if "Origin" not in answer.headers.get("Vary", ""):
        raise Broken("OPTIONS was answered by something else than our own function")
    if "Access-Control-Allow-Origin" in answer.headers:
        raise Broken(f"pages of {ORIGIN} are let in, though no tenant has listed it")


def stranger(visit: Visit) -> None:
    told = visit.like(visit.send("GET", PEOPLE), 401)
    if "code" not in told.get("error", {}):
        raise Broken("a call without a token was refused by something else than our own function")


def token(visit: Visit) -> None:
    visit.found["token"] = visit.sign_in()["access_token"]
    if [each["email"] for each in visit.ask("GET", PEOPLE)["data"]] != [EMAIL]:
        raise Broken("it is shown other people than itself")


def forged_token(visit: Visit) -> None:
    head, claims, signature = visit.known("token").split(".")
    forged = f"{head}.{claims}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    answer = visit.send("GET", PEOPLE, headers={"Authorization": f"Bearer {forged}"})
    visit.like(answer, 401)


def claimed_address(visit: Visit) -> None:
    if max(_counted(visit) for _ in range(2)) < 2:  # noqa: PLR2004 - both were the first of their address
        raise Broken("who claims another address is counted anew: PROXIES_BEHIND_CALLER is too high")


def _counted(visit: Visit) -> int:
    """How many calls of the last minute are counted beside one that claims to come from elsewhere, itself included."""
    headers = {"X-Forwarded-For": f"2001:db8::{secrets.token_hex(2)}"}
    answer = visit.send("POST", "/api/v1/auth/register", json={}, headers=headers)
    # Refused for being too many, it was counted all the more.
    visit.like(answer, 429 if answer.status_code == httpx.codes.TOO_MANY_REQUESTS else 422)
    limit, remaining = (answer.headers.get(f"X-RateLimit-{each}", "0") for each in ("Limit", "Remaining"))
    return int(limit) - int(remaining)


def channel(visit: Visit) -> None:
    key = secrets.token_urlsafe(32)
    made = visit.channel(key)
    if not made["webhook_url"].startswith(str(visit.api.base_url).rstrip("/") + "/"):
        told = made["webhook_url"].partition("/waha/")[0]
        raise Broken(f"providers are told to deliver to {told}, which is not here")
    visit.found |= {"channel": made["id"], "webhook": made["webhook_url"], "key": key}


def delivery(visit: Visit) -> None:
    text = f"{secrets.token_hex(8)} {STRANGE}"
    body = odd_bytes(text)
    for _ in range(2):
        visit.like(visit.deliver(body, visit.known("key")), 200)
    people = visit.ask("GET", f"/api/v1/crm/contacts?filter[phone]=%2B{PERSON.phone}")["data"]
    if not people:
        raise Broken("a delivery was answered 200, and there is no contact of it")
    visit.found |= {"contact": people[0]["id"], "text": text}
    said = [each for each in visit.messages() if each["text"] == text]
    if len(said) != 1:
        raise Broken(f"a message that was delivered twice is there {len(said)} times, word by word")
    visit.found["message"] = said[0]["id"]


def broken_delivery(visit: Visit) -> None:
    """Bytes that are no text are refused for that, and not because the signature over them does not fit."""
    answer = visit.deliver(b'{"event": "message", "payload": "\xff\xfe\x00\xc3"}', visit.known("key"))
    if visit.like(answer, 400)["error"]["code"] != "invalid_payload":
        raise Broken(f"they were refused as {answer.text[:300]}")


def forged_delivery(visit: Visit) -> None:
    visit.like(visit.deliver(odd_bytes("forged"), "another key than the channel's"), 401)


def timeline(visit: Visit) -> None:
    path = f"/api/v1/crm/contacts/{visit.known('contact')}/events?limit=100"

    def entry() -> bool:
        return any(visit.known("message") in str(each) for each in visit.ask("GET", path)["data"])

    visit.until(entry, "the message did not come to the contact's timeline")


def reply(visit: Visit) -> None:
    written = visit.known("message")

    def answered() -> bool:
        # By when they were made: providers tell whole seconds, and an earlier visit's reply may be of the same one.
        latest = sorted(visit.messages(), key=lambda each: str(each["created_at"]), reverse=True)
        since = itertools.takewhile(lambda each: each["id"] != written, latest)
        return any(each["sender_kind"] == "bot" and each["status"] in OUTCOMES for each in since)

    visit.until(answered, f"the bot {NAME!r} has not answered and seen what became of its reply")


CHECKS = (
    Check("it serves", health),
    Check("a browser is answered before it calls", preflight),
    Check("a stranger is not let in", stranger),
    Check("it signs in, and its own token is taken", token),
    Check("a token that was touched is not", forged_token),
    Check("sign-ins are counted by where they come from, not by where they say", claimed_address),
    Check("a channel's webhook leads here", channel),
    Check("a signed delivery with odd bytes is kept word by word, and once", delivery),
    Check("bytes that are no text arrive as they were sent", broken_delivery),
    Check("a delivery with another's signature is refused", forged_delivery),
    Check("it is on the timeline: the relay publishes, and consumers are called", timeline),
    Check("the bot has answered: timers run, and there is a way out", reply),
)
