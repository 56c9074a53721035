"""Where our token issuer keeps what."""

from dataclasses import dataclass

from shared.runtime.declarations import Limit
from shared.runtime.http import PUBLIC, endpoint
from shared.runtime.settings import settings


@dataclass(frozen=True, kw_only=True)
class OpenIdConfiguration:
    """What verifies our tokens needs no more: people sign in through this API, not through a redirect."""

    issuer: str
    jwks_uri: str
    token_endpoint: str
    response_types_supported: list[str]
    subject_types_supported: list[str]
    id_token_signing_alg_values_supported: list[str]


@endpoint("GET", "/.well-known/openid-configuration", allow=PUBLIC, limit=Limit.HEALTH)
def get_openid_configuration() -> OpenIdConfiguration:
    """Describe our token issuer, as OpenID Connect Discovery has it."""
    base = settings().public_base_url
    return OpenIdConfiguration(
        issuer=settings().token_issuer,
        jwks_uri=f"{base}/.well-known/jwks.json",
        token_endpoint=f"{base}/api/v1/auth/login",
        response_types_supported=["token"],
        subject_types_supported=["public"],
        id_token_signing_alg_values_supported=["EdDSA"],
    )
