"""The media bucket, as the settings name it; only what works away from requests opens it."""

from functools import lru_cache

from shared.cloud.storage import CloudStorage, Storage
from shared.runtime.settings import Settings, settings


def bucket() -> Storage:
    """The bucket; one client serves all threads of the process."""
    return _bucket(settings())


@lru_cache(maxsize=1)
def _bucket(known: Settings) -> Storage:
    if known.storage == "s3":
        from shared.cloud.s3 import S3Storage

        return S3Storage(
            known.media_bucket,
            base_url=known.storage_base_url,
            region=known.storage_region,
            key_id=known.storage_key_id,
            secret=known.storage_key_secret,
        )
    return CloudStorage(known.google_project, known.media_bucket, base_url=known.storage_base_url)
