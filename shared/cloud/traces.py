"""Handing spans to a collector: OTLP over HTTP, as JSON."""

from typing import Any
from urllib.parse import urlsplit

import httpx

SCOPE = "https://www.googleapis.com/auth/trace.append"
SECONDS = 20.0
MALFORMED = 400
Span = dict[str, Any]


class Refused(Exception):
    """The collector did not take the spans; later it may."""


def export(url: str, project: str, spans: list[Span]) -> int:
    """Send spans, each as OTLP has them; how many were taken. Refused: the collector is away, or lets nobody in."""
    body = {"resourceSpans": [{"resource": _resource(project), "scopeSpans": [{"spans": spans}]}]}
    try:
        answer = httpx.post(url, json=body, headers=_credentials(url, project), timeout=SECONDS)
    except httpx.HTTPError as error:
        raise Refused(type(error).__name__) from error
    if answer.status_code == MALFORMED:
        return 0  # sent again, they would be refused again
    if not answer.is_success:
        raise Refused(f"the collector answered {answer.status_code}")
    return len(spans) - _rejected(answer)


def _rejected(answer: httpx.Response) -> int:
    """Of a batch that was taken, how many spans were not."""
    try:
        return int(answer.json().get("partialSuccess", {}).get("rejectedSpans", 0))
    except (ValueError, AttributeError):
        return 0


def _resource(project: str) -> dict[str, Any]:
    facts = {"service.name": "ventros", "gcp.project_id": project}
    return {"attributes": [{"key": key, "value": {"stringValue": value}} for key, value in facts.items()]}


def _credentials(url: str, project: str) -> dict[str, str]:
    """Who we are, for Google; any other collector is not shown it."""
    if not (urlsplit(url).hostname or "").endswith(".googleapis.com"):
        return {}
    import google.auth
    from google.auth.transport.requests import Request

    credentials, _ = google.auth.default(scopes=[SCOPE])
    credentials.refresh(Request())  # type: ignore[no-untyped-call] # untyped
    return {"Authorization": f"Bearer {credentials.token}", "X-Goog-User-Project": project}
