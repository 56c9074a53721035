"""The whole local cloud, kept running: Postgres, Redis, Pub/Sub, Tasks, Scheduler, Storage, functions, relay, WAHA."""

import fcntl
import json
import secrets
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cached_property
from pathlib import Path
from typing import Self

import httpx

from infra.environment import ROOT
from infra.local.keys import make_keys
from infra.local.ports import can_bind, choose_ports, listens
from infra.local.postgres import Cluster, wait_until
from infra.local.process import Child, clean_environment
from infra.local.supervisor import Supervisor
from infra.local.tokens import TokenIssuer
from infra.local.topology import Topology, builder
from infra.manifest import declarations, manifest
from infra.migrate import ROLES, make_database, make_roles, migrate
from shared.runtime.postgres import Connections, sql
from shared.runtime.settings import Settings

HOST = "127.0.0.1"
DATABASE = "ventros"
BUCKET = "ventros-local-media"
OWNER = "ventros_owner"
READY_SECONDS = 60.0
LEFTOVER_SECONDS = 10.0  # in which what a killed supervisor left behind has ended
FUNCTION_THREADS = 16


class LocalCloud:
    """A local cloud whose state is in `data`; a context manager, or `start` and `stop` it.

    `port` 0 takes a free one and keeps it. `allowed_hosts` are "host:port" that channels may be connected to.
    `tell` hears what a person would want to know while it starts and runs.
    """

    def __init__(
        self,
        data: Path,
        port: int = 8080,
        *,
        allowed_hosts: tuple[str, ...] = (),
        major: int = 18,
        fake_waha: bool = True,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.data, self.fake_waha, self.tell = data.resolve(), fake_waha, tell
        self._wanted_port, self._hosts, self._major = port, allowed_hosts, major
        self._supervisor = Supervisor(tell)
        self._held = ExitStack()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Start everything and return when it answers. RuntimeError: a sentence on what is in the way."""
        self._supervisor = Supervisor(self.tell)
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop everything in order; the state stays."""
        self._supervisor.stop("bus", "postgres")
        self._held.close()

    @cached_property
    def ports(self) -> dict[str, int]:
        return choose_ports(
            self.data / "ports.json", ("functions", "postgres", "pubsub", "tasks", "redis", "storage", "fake_waha")
        )

    @property
    def port(self) -> int:
        return self._wanted_port or self.ports["functions"]

    @property
    def base_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def fake_waha_url(self) -> str:
        """Where the fake WAHA answers; empty when there is none."""
        return f"http://{self._address('fake_waha')}" if self.fake_waha else ""

    @cached_property
    def env(self) -> dict[str, str]:
        """The settings of everything that is deployed, as environment variables."""
        fake = (self._address("fake_waha"),) if self.fake_waha else ()
        return {
            **make_keys(self.data).environment(),
            "DATABASE_URL": self.database_url("ventros_app"),
            "RESOLVER_DATABASE_URL": self.database_url("ventros_resolver"),
            "OBSERVER_DATABASE_URL": self.database_url("ventros_observer"),
            "RELAY_DATABASE_URL": self.database_url("ventros_relay"),
            "PUBLIC_BASE_URL": self.base_url,
            "TOKEN_ISSUER": self.base_url,
            "FUNCTIONS_BASE_URL": f"{self.base_url}/_functions",
            "PUBSUB_EMULATOR_HOST": self._address("pubsub"),
            "CLOUD_TASKS_EMULATOR_HOST": self._address("tasks"),
            "UPSTASH_URL": f"http://{self._address('redis')}",
            "UPSTASH_TOKEN": secrets.token_urlsafe(24),
            "STORAGE_BASE_URL": f"http://{self._address('storage')}",
            "STORAGE_KEY_ID": "GOOG1LOCAL",
            "STORAGE_KEY_SECRET": secrets.token_urlsafe(24),
            "MEDIA_BUCKET": BUCKET,
            "ALLOWED_HOSTS": ",".join((*self._hosts, *fake)),
            "THREADS": str(FUNCTION_THREADS),
        }

    def database_url(self, role: str = OWNER) -> str:
        return self._cluster.url(role, DATABASE)

    @property
    def pids(self) -> dict[str, int]:
        """The process ids by name: postgres, bus, redis, storage, functions, relay, fake_waha."""
        return self._supervisor.pids

    def kill(self, name: str) -> None:
        """Kill one process as a crash would; it is started again by itself."""
        self._supervisor.kill(name)

    def kill_functions(self) -> None:
        self.kill("functions")

    def kill_relay(self) -> None:
        self.kill("relay")

    def answers(self) -> bool:
        """Tell whether the functions can be called just now."""
        try:
            return httpx.get(f"{self.base_url}/health", trust_env=False, timeout=5).is_success
        except httpx.TransportError:
            return False

    def has_function(self, name: str) -> bool:
        return any(each["name"] == name for each in self._manifest["functions"])

    # Starting, in this order

    def _start(self) -> None:
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._hold_folder()
        if not wait_until(lambda: can_bind(self.port), LEFTOVER_SECONDS):
            raise RuntimeError(f"Port {self.port} is taken by another program; choose another one with --port.")
        self._check_major()
        self.env  # noqa: B018 - made once, before threads share it
        with ThreadPoolExecutor(2) as threads:
            steps = [threads.submit(self._start_postgres), threads.submit(self._start_bus)]
            for step in steps:
                step.result()
        self._start_programs()
        self._await("functions", self.answers)
        self._await("relay", self._is_relaying)

    def _hold_folder(self) -> None:
        lock = self._held.enter_context((self.data / "lock").open("a"))
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RuntimeError(
                f"Another local cloud is using {self.data}; choose another folder with --data."
            ) from None

    def _check_major(self) -> None:
        version = self._cluster.data_dir / "PG_VERSION"
        found = version.read_text().strip() if version.exists() else str(self._major)
        if found != str(self._major):
            raise RuntimeError(
                f"{self.data} holds a Postgres {found}; use --major {found}, or choose another folder with --data."
            )

    @cached_property
    def _cluster(self) -> Cluster:
        return Cluster(self.data / "postgres", port=self.ports["postgres"], major=self._major)

    def _start_postgres(self) -> None:
        self.tell("Starting Postgres.")
        self._supervisor.keep("postgres", lambda: PostgresProcess(self._cluster))
        make_roles(self._cluster.admin_url, {role: self._cluster.password(role) for role in (OWNER, *ROLES)})
        make_database(self._cluster.admin_url, DATABASE)
        migrate(self.database_url())

    def _start_bus(self) -> None:
        self.tell("Starting Pub/Sub, Cloud Tasks and Cloud Scheduler.")
        declared = declarations()
        topology, settings = Topology.of(declared), self._settings
        self._manifest = manifest(declared)
        self._write("manifest.json", self._manifest)
        self._write("jobs.json", topology.jobs(settings.functions_base_url))
        TokenIssuer(self.data / "bus")  # makes the key that the bus and the front share
        self._keep("bus", "infra.local.bus", *self._bus_options(settings))
        self._await("bus", lambda: listens(self.ports["pubsub"]) and listens(self.ports["tasks"]))
        with builder(settings, self._address("pubsub"), self._address("tasks")) as made:
            made.build(topology)

    @property
    def _settings(self) -> Settings:
        return Settings(functions_base_url=f"{self.base_url}/_functions")

    def _bus_options(self, settings: Settings) -> tuple[str, ...]:
        return (
            *("--data", str(self.data / "bus"), "--jobs", str(self.data / "jobs.json")),
            *("--pubsub-port", str(self.ports["pubsub"]), "--tasks-port", str(self.ports["tasks"])),
            *("--service-account", settings.pusher_account),
        )

    @property
    def _storage_options(self) -> tuple[str, ...]:
        data = self.data / "storage"
        return ("--port", str(self.ports["storage"]), "--data", str(data), "--bucket", BUCKET)

    def _start_programs(self) -> None:
        self.tell("Starting the functions and the relay.")
        self._keep("redis", "infra.local.redis", "--port", str(self.ports["redis"]))
        self._keep("storage", "infra.local.storage", *self._storage_options)
        self._keep("functions", "infra.local.functions", "--port", str(self.port), "--data", str(self.data))
        self._keep("relay", "infra.local.services", "relay_outbox")
        if self.fake_waha:
            data = self.data / "fake_waha"
            self._keep("fake_waha", "infra.fakes.waha", "--port", str(self.ports["fake_waha"]), "--data", str(data))
            self._await("fake_waha", lambda: listens(self.ports["fake_waha"]))

    def _keep(self, name: str, module: str, *options: str) -> None:
        command = (sys.executable, "-m", module, *options)
        log = self.data / "logs" / f"{name}.log"
        self._supervisor.keep(name, lambda: Child(command, clean_environment(**self.env), log, cwd=ROOT))

    def _await(self, name: str, ready: Callable[[], bool]) -> None:
        if not wait_until(ready, READY_SECONDS):
            raise RuntimeError(f"{name} does not come up; {self.data / 'logs' / name}.log says why.")

    def _is_relaying(self) -> bool:
        """Tell whether the relay has reported for work; after a crash it may have to wait for its leases yet."""
        database = Connections(self.database_url("ventros_relay"))
        holder = f"%-{self.pids.get('relay')}-%"
        try:
            return database.run(sql("select from relays where holder like :holder", holder=holder))[0] != []
        finally:
            database.close()

    def _address(self, name: str) -> str:
        return f"{HOST}:{self.ports[name]}"

    def _write(self, name: str, value: object) -> None:
        (self.data / name).write_text(json.dumps(value, indent=2))


class PostgresProcess:
    """The cluster as one of the processes that are kept running."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster.start()

    @property
    def alive(self) -> bool:
        return self._cluster.pid is not None

    @property
    def pid(self) -> int | None:
        return self._cluster.pid

    def stop(self) -> None:
        self._cluster.stop()

    def kill(self) -> None:
        self._cluster.kill()
