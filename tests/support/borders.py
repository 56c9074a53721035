"""What belongs to somebody else must look exactly like what never was."""

from typing import Any
from uuid import uuid4

from tests.support.api import Api, Caller


def hidden(api: Api, caller: Caller, method: str, path: str, id: object, **request: Any) -> bool:
    """Whether an id in a path (`{}`) is answered 404, byte for byte as a random one under the same request id."""
    theirs, nobodys = (
        api.request(method, path.format(each), as_=caller, headers={"X-Request-Id": "same"}, **request)
        for each in (id, uuid4())
    )
    return theirs.status_code == nobodys.status_code == 404 and theirs.data == nobodys.data


def hidden_in(api: Api, caller: Caller, method: str, path: str, body: dict[str, Any], field: str, id: object) -> bool:
    """The same for an id in a field of the body."""
    theirs, nobodys = (
        api.request(method, path, as_=caller, headers={"X-Request-Id": "same"}, json={**body, field: str(each)})
        for each in (id, uuid4())
    )
    return theirs.status_code == nobodys.status_code == 404 and theirs.data == nobodys.data
