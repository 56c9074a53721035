"""A bucket to test with: the local cloud's stand-in, and the settings that lead to it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from infra.local.storage import LocalStorage
from tests.support.environment import environment

BUCKET, KEY_ID, SECRET = "test-media", "GOOG1TEST", "the bucket's own secret"


@contextmanager
def bucket() -> Iterator[LocalStorage]:
    """Serve an empty bucket and let the functions of this process use it."""
    with (
        tempfile.TemporaryDirectory(prefix="ventros-bucket-") as folder,
        LocalStorage(Path(folder), BUCKET, KEY_ID, SECRET) as served,
        environment(variables(served.url)),
    ):
        yield served


def variables(url: str) -> dict[str, str]:
    return {
        "STORAGE_BASE_URL": url,
        "STORAGE_KEY_ID": KEY_ID,
        "STORAGE_KEY_SECRET": SECRET,
        "MEDIA_BUCKET": BUCKET,
    }
