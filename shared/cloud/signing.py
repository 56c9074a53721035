"""Links to one object that whoever has them may use until they expire, signed here with nothing but a key.

Google's V4 signatures with an HMAC key and Amazon's are one algorithm under two names, so both are these few lines:
no client library, and nobody is called.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

LONGEST_SECONDS = 7 * 24 * 3600  # neither of the two accepts more


@dataclass(frozen=True, kw_only=True, slots=True)
class Dialect:
    """What one of the two calls the parts of a signature."""

    prefix: str  # before the secret, and of the algorithm
    parameter: str
    service: str
    ending: str


GOOGLE = Dialect(prefix="GOOG4", parameter="X-Goog", service="storage", ending="goog4_request")
AMAZON = Dialect(prefix="AWS4", parameter="X-Amz", service="s3", ending="aws4_request")


@dataclass(frozen=True, kw_only=True)
class Signer:
    """Signs for one bucket; `base_url` is where it is reached, without the bucket."""

    dialect: Dialect
    base_url: str
    bucket: str
    region: str
    key_id: str
    secret: str = field(repr=False)

    def url(
        self,
        method: str,
        name: str,
        *,
        seconds: int,
        at: datetime,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """A link for one method on one object, good for so many seconds from `at`.

        Whoever uses it must send exactly these `headers` as well. ValueError: it would be good for too long.
        """
        if not 1 <= seconds <= LONGEST_SECONDS:
            raise ValueError(f"a link is good for 1 to {LONGEST_SECONDS} seconds")
        path = quote(f"{urlsplit(self.base_url).path.rstrip('/')}/{self.bucket}/{name}", safe="/~")
        sent = {
            "host": urlsplit(self.base_url).netloc,
            **{key.lower(): value for key, value in (headers or {}).items()},
        }
        moment = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        asked = self._asked(moment, seconds, sorted(sent)) | dict(query or {})
        written = "&".join(f"{quote(key, safe='~')}={quote(asked[key], safe='~')}" for key in sorted(asked))
        signature = self._sign(moment, _canonical(method, path, written, sent))
        host = self.base_url.removesuffix(urlsplit(self.base_url).path)
        return f"{host}{path}?{written}&{self.dialect.parameter}-Signature={signature}"

    def _asked(self, moment: str, seconds: int, headers: list[str]) -> dict[str, str]:
        told = {
            "Algorithm": self._algorithm,
            "Credential": f"{self.key_id}/{self._scope(moment)}",
            "Date": moment,
            "Expires": str(seconds),
            "SignedHeaders": ";".join(headers),
        }
        return {f"{self.dialect.parameter}-{name}": value for name, value in told.items()}

    @property
    def _algorithm(self) -> str:
        return f"{self.dialect.prefix}-HMAC-SHA256"

    def _scope(self, moment: str) -> str:
        return "/".join((moment[:8], self.region, self.dialect.service, self.dialect.ending))

    def _sign(self, moment: str, canonical: str) -> str:
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        wanted = "\n".join((self._algorithm, moment, self._scope(moment), digest))
        key = f"{self.dialect.prefix}{self.secret}".encode()
        for part in self._scope(moment).split("/"):
            key = _hmac(key, part)
        return _hmac(key, wanted).hex()


def _canonical(method: str, path: str, query: str, headers: Mapping[str, str]) -> str:
    names = sorted(headers)
    written = "".join(f"{name}:{headers[name].strip()}\n" for name in names)
    return "\n".join((method, path, query, written, ";".join(names), "UNSIGNED-PAYLOAD"))


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
