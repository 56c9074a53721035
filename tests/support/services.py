"""A service that watches the whole installation, with the token that its operator made."""

from datetime import timedelta

from shared.runtime.services import issue_service_token
from shared.runtime.settings import settings


class Service:
    """Can be `as_=` where no person may call."""

    @property
    def headers(self) -> dict[str, str]:
        token = issue_service_token("watcher", timedelta(minutes=10), settings())
        return {"Authorization": f"Bearer {token}"}


WATCHER = Service()
