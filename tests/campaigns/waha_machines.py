"""The machines around a history: the server that remembers it, near or in a process of its own, and who reads it."""

import json
import os
import signal
import subprocess
import sys
import threading
from dataclasses import asdict
from typing import Protocol, Self

import httpx

from infra.environment import ROOT
from infra.fakes.waha import FakeWaha
from infra.fakes.waha_history import Kept
from infra.local.process import clean_environment
from tests.campaigns.waha_source import Source

KEY = "waha-key"


class Server(Protocol):
    """A fake WAHA, and its controls."""

    @property
    def url(self) -> str: ...

    def open(self, source: Source, trouble: float) -> None:
        """Open the session, which remembers what the source does; that share of the first askings goes wrong."""

    def remember(self, source: Source, kept: Kept) -> None: ...

    def close(self) -> None: ...


class NearServer:
    """In this process: it begins at once."""

    def __init__(self) -> None:
        self._waha = FakeWaha().start()
        self.url = self._waha.url

    def open(self, source: Source, trouble: float) -> None:
        self._waha.add_session(source.session, source.engine, api_key=KEY)
        self._waha.archives[source.session] = source.archive
        source.archive.trouble.share = trouble

    def remember(self, source: Source, kept: Kept) -> None:
        """The source is what it remembers."""

    def close(self) -> None:
        self._waha.stop()


class FarServer:
    """In a process of its own, so that it takes no time of ours."""

    def __init__(self) -> None:
        command = (sys.executable, "-m", "infra.fakes.waha", "--port", "0")
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=clean_environment(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._process.stdout
        self.url = json.loads(self._process.stdout.readline())["fake_waha_url"]
        self._http = httpx.Client(base_url=f"{self.url}/_fake", trust_env=False, timeout=120)

    def close(self) -> None:
        self._http.close()
        self._process.terminate()
        self._process.wait()

    def open(self, source: Source, trouble: float) -> None:
        told = {"name": source.session, "engine": source.engine, "api_key": KEY}
        self._http.post("/sessions", json=told).raise_for_status()
        past = {"corpus": asdict(source.corpus), "trouble": {"share": trouble, "seconds": 0.1}}
        self._http.post(f"/sessions/{source.session}/past", json=past).raise_for_status()

    def remember(self, source: Source, kept: Kept) -> None:
        told = {"kept": [{"said": asdict(kept.said), "ack": kept.ack}]}
        self._http.post(f"/sessions/{source.session}/past", json=told).raise_for_status()


class Reader:
    """The process that reads the histories, which is killed now and then and begins anew.

    It works with the settings that hold when it is made, not when it is entered.
    """

    def __init__(self, admin_url: str, hurry: float) -> None:
        self._command = [sys.executable, "-m", "tests.campaigns.historian", admin_url, str(hurry)]
        self._environment = os.environ.copy()
        self._stop = threading.Event()
        self._watching = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._process = self._begun()
        self._watching.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._watching.join()
        self._process.kill()
        self._process.wait()

    def kill(self) -> None:
        self._process.send_signal(signal.SIGKILL)

    def _begun(self) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            self._command, cwd=ROOT, env=self._environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def _watch(self) -> None:
        """Begin anew whenever it is gone."""
        while not self._stop.wait(0.05):
            if self._process.poll() is not None:
                self._process = self._begun()
