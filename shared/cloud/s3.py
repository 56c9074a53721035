"""The same bucket on a server that speaks S3, for whoever hosts the media themselves."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from shared.cloud.storage import PART, UPLOAD_PART, AlreadyThere, Chunks, Kept, NotThere, StorageAway

ABSENT = {"404", "NoSuchKey", "NotFound"}
PRESENT = {"412", "PreconditionFailed", "409", "ConditionalRequestConflict"}


class S3Storage:
    """A bucket of an S3-compatible server at `base_url`."""

    def __init__(self, bucket: str, *, base_url: str, region: str, key_id: str, secret: str) -> None:
        import boto3
        from botocore.config import Config

        options = Config(
            connect_timeout=10,
            read_timeout=60,
            retries={"mode": "standard", "max_attempts": 3},
            s3={"addressing_style": "path"},
            # Other servers than Amazon's do not know the newer checksums.
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        )
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=base_url,
            region_name=region,
            aws_access_key_id=key_id,
            aws_secret_access_key=secret,
            config=options,
        )
        self._bucket = bucket

    def put(self, name: str, chunks: Iterable[bytes], *, mimetype: str) -> None:
        source = Chunks(chunks)
        first = source.read(UPLOAD_PART)
        if len(first) < UPLOAD_PART:
            with _answers():
                self._client.put_object(**self._at(name), Body=first, ContentType=mimetype, IfNoneMatch="*")
            return
        with _answers():
            upload = {**self._at(name), "UploadId": self._begin(name, mimetype)}
        try:
            self._finish(upload, first, source)
        except BaseException:
            self._client.abort_multipart_upload(**upload)
            raise

    def _begin(self, name: str, mimetype: str) -> str:
        begun: str = self._client.create_multipart_upload(**self._at(name), ContentType=mimetype)["UploadId"]
        return begun

    def _finish(self, upload: dict[str, str], part: bytes, source: Chunks) -> None:
        sent: list[dict[str, Any]] = []
        while part:
            number = len(sent) + 1
            with _answers():
                answer = self._client.upload_part(**upload, PartNumber=number, Body=part)
            sent.append({"PartNumber": number, "ETag": answer["ETag"]})
            part = source.read(UPLOAD_PART)
        with _answers():
            self._client.complete_multipart_upload(**upload, MultipartUpload={"Parts": sent}, IfNoneMatch="*")

    def copy(self, name: str, to: str, *, mimetype: str) -> None:
        # Not every server heeds the condition on a copy, so it is also asked before.
        if self.head(to):
            raise AlreadyThere
        source = {"Bucket": self._bucket, "Key": name}
        with _answers():
            self._client.copy_object(
                **self._at(to),
                CopySource=source,
                ContentType=mimetype,
                MetadataDirective="REPLACE",
                IfNoneMatch="*",
            )

    def read(self, name: str) -> Iterator[bytes]:
        with _answers():
            body = self._client.get_object(**self._at(name))["Body"]
            try:
                yield from body.iter_chunks(PART)
            finally:
                body.close()

    def head(self, name: str) -> Kept | None:
        try:
            with _answers():
                found = self._client.head_object(**self._at(name))
        except NotThere:
            return None
        return Kept(size_bytes=int(found["ContentLength"]), mimetype=str(found.get("ContentType", "")))

    def delete(self, name: str) -> None:
        with _answers():
            self._client.delete_object(**self._at(name))

    def _at(self, name: str) -> dict[str, str]:
        return {"Bucket": self._bucket, "Key": name}


@contextmanager
def _answers() -> Iterator[None]:
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code"))
        if code in ABSENT:
            raise NotThere from error
        if code in PRESENT:
            raise AlreadyThere from error
        raise StorageAway(f"{code}: {error}"[:300]) from error
    except BotoCoreError as error:
        raise StorageAway(f"{type(error).__name__}: {error}"[:300]) from error
