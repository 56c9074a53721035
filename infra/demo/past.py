"""What a bakery's phone remembers from before it came here: taken over, held against the provider, and drawn."""

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Self

import httpx

from infra.demo.accounts import Books, Row
from infra.demo.checks import Check
from infra.demo.stage import SECONDS, Bakery, Waha, done
from infra.environment import ROOT
from infra.fakes.waha_corpus import DAY, Corpus
from infra.fakes.waha_history import Kept
from infra.local.cloud import LocalCloud

LINE, ENGINE = "gows", "GOWS"
CHATS, MESSAGES, DAYS = 20, 900, 170
TROUBLE = {"share": 0.3, "kinds": ["slow", "twice", "again", "backwards"], "seconds": 0.1}
UNTOLD = 7  # messages that no webhook brings
PATIENCE, LOOK_EVERY = 60.0, 0.1
PICTURE = ROOT / ".ventros" / "completeness.svg"
_MESSAGES = """
select id, external_id, status, text, type, direction, chat_id, session_id, version,
    extract(epoch from sent_at)::bigint as at
from messages where channel_id = '{channel_id}' order by sent_at, id
"""
_BESIDE = "select (select count(*) from message_groups) as bursts, (select count(*) from contacts) as contacts"
_RUNNING = "select id from history_runs where status = 'running' or resumes_at is not null"


@dataclass(frozen=True, kw_only=True)
class Found:
    """What the provider remembers and what is here of it: rows before, after, and after a second import.

    `sent` is how much was sent to it before and after; `completeness` and `status` are what the API says.
    """

    remembered: list[Kept]
    before: list[Row]
    after: list[Row]
    again: list[Row]
    beside: tuple[list[Row], list[Row]]
    sent: tuple[int, int]
    status: Row
    completeness: Row
    seconds: float
    picture: Path

    @property
    def imported(self) -> list[Row]:
        known = {row["id"] for row in self.before}
        return [row for row in self.after if row["id"] not in known]


class Past:
    """One bakery's channel and the years behind it; use it as a context manager."""

    def __init__(self, cloud: LocalCloud, waha: Waha, books: Books, bakery: Bakery) -> None:
        self._waha, self._books, self._bakery, self._line = waha, books, bakery, bakery.lines[LINE]
        self._api = httpx.Client(
            base_url=f"{cloud.base_url}/api/v1/crm/channels/{self._line.channel_id}/",
            headers={"X-API-Key": bakery.api_key},
            trust_env=False,
            timeout=SECONDS,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._api.close()

    def take_over(self, tell: Callable[[str], None]) -> Found:
        """Import what there is, compare it with what came about unheard, draw that, and import it once more."""
        corpus = Corpus(until=int(time.time()) - DAY, chats=CHATS, messages=MESSAGES, days=DAYS)
        self._waha.remember(self._line.session, {"corpus": asdict(corpus), "trouble": TROUBLE})
        remembered = [kept for chat in corpus.archive(ENGINE).chats for kept in chat.messages]
        before, sent = self._rows(), len(self._waha.look("sent"))
        tell(f"WAHA remembers {len(remembered)} messages in {CHATS} chats, and tells some pages twice or backwards.")
        seconds = self._run("import-history")
        status = done(self._api.get("import-status"))
        untold = [_unheard(kept, number) for number, kept in enumerate(_individual(remembered)[-UNTOLD:])]
        self._waha.remember(self._line.session, {"kept": [asdict(each) for each in untold]})
        tell(f"{UNTOLD} more were written that no webhook told of; comparing the channel with its provider finds them.")
        self._run("reconcile", days=DAYS)
        completeness, after, beside = self._completeness(), self._rows(), self._beside()
        since = time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(time.time() - (DAYS + 5) * DAY))
        self._run("import-history", since=since)
        return Found(
            remembered=[*remembered, *untold],
            before=before,
            after=after,
            again=self._rows(),
            beside=(beside, self._beside()),
            sent=(sent, len(self._waha.look("sent"))),
            status=status,
            completeness=completeness,
            seconds=seconds,
            picture=self._drawn(),
        )

    def _run(self, verb: str, **wanted: Any) -> float:
        """Have it done, and give how many seconds it took. RuntimeError: it does not come to an end."""
        began = time.monotonic()
        done(self._api.post(verb, json=wanted))
        while self._books.rows(self._bakery, _RUNNING):
            if time.monotonic() > began + PATIENCE:
                raise RuntimeError(f"{verb} is not done after {PATIENCE:.0f} s")
            time.sleep(LOOK_EVERY)
        return time.monotonic() - began

    def _rows(self) -> list[Row]:
        return self._books.rows(self._bakery, _MESSAGES.format(channel_id=self._line.channel_id))

    def _beside(self) -> list[Row]:
        return self._books.rows(self._bakery, _BESIDE)

    def _completeness(self) -> Row:
        found: Row = done(self._api.get("completeness", params={"days": DAYS + 5}))
        return found

    def _drawn(self) -> Path:
        """The picture, where it stays when everything else is gone."""
        answer = self._api.get("completeness.svg", params={"days": DAYS + 5})
        if not answer.is_success:
            raise RuntimeError(f"the picture is not drawn: {answer.text}")
        PICTURE.parent.mkdir(parents=True, exist_ok=True)
        PICTURE.write_text(answer.text, encoding="utf-8")
        return PICTURE


def _individual(remembered: list[Kept]) -> list[Kept]:
    """What was said between two, newest last."""
    found = [kept for kept in remembered if not kept.said.group and not kept.said.from_me]
    return sorted(found, key=lambda kept: kept.said.timestamp)


def _unheard(kept: Kept, number: int) -> Kept:
    """Something more in the same chat, an hour later."""
    said = replace(kept.said, kind="text", body="E o pedido?", message_id=f"3EB0AA{number:016}", reply_to=None)
    return replace(kept, said=replace(said, timestamp=said.timestamp + 3600))


def check_past(found: Found) -> list[Check]:
    """Check what came of the past."""
    return [
        Check(sentence="all that WAHA remembers is here, once and at its own time", problems=list(_whole(found))),
        Check(sentence="what no webhook told of is found, and nothing is missing", problems=list(_complete(found))),
        Check(sentence="a second import changes nothing", problems=list(_unchanged(found))),
        Check(sentence="nobody is answered for what is long over", problems=list(_quiet(found))),
    ]


def _whole(found: Found) -> Iterator[str]:
    times = {kept.said.message_id: kept.said.timestamp for kept in found.remembered}
    here = [row["external_id"] for row in found.after]
    yield from (f"message {name} is missing" for name in times.keys() - set(here))
    yield from (f"message {name} is here twice" for name in {name for name in here if here.count(name) > 1})
    wrong = (row for row in found.imported if times.get(row["external_id"], row["at"]) != row["at"])
    yield from (f"message {row['external_id']} stands at another time" for row in wrong)


def _complete(found: Found) -> Iterator[str]:
    known = found.completeness
    if known["recovered"] != UNTOLD:
        yield f"{known['recovered']} were recovered of {UNTOLD}"
    if known["unknown"] or known["expected"] != known["present"] + known["recovered"]:
        yield f"of {known['expected']} expected {known['present']} are present, and {known['unknown']} unknown"


def _unchanged(found: Found) -> Iterator[str]:
    before = {row["id"]: row for row in found.after}
    yield from (f"message {row['external_id']} has changed" for row in found.again if before.get(row["id"]) != row)
    if len(found.again) != len(found.after):
        yield f"there are {len(found.again)} messages, and were {len(found.after)}"
    if found.beside[0] != found.beside[1]:
        yield f"there are {found.beside[1]}, and were {found.beside[0]}"


def _quiet(found: Found) -> Iterator[str]:
    if found.sent[0] != found.sent[1]:
        yield f"{found.sent[1] - found.sent[0]} messages were sent"
