"""The media bucket, as the settings name it; only what works away from requests opens it."""

from shared.cloud.storage import CloudStorage, Storage
from shared.runtime.settings import settings


def open_bucket() -> Storage:
    """The bucket; close it after use."""
    known = settings()
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
