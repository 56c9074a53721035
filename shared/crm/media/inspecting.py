"""Looking at a file as it goes by: what its first bytes say it is, how long it is, and its hash."""

import hashlib
from collections.abc import Iterable, Iterator
from itertools import chain

import filetype

from shared.crm.media.model import Content, Reason
from shared.kernel.inbound import MessageType

HEAD = 8192  # bytes, all that the signatures need
PLAIN, BINARY, PAGE = "text/plain", "application/octet-stream", "text/html"
MIB = 1024 * 1024
# WhatsApp's own limits lie below these; a document's is the house's.
MOST_BYTES = {
    MessageType.STICKER: 8 * MIB,
    MessageType.IMAGE: 32 * MIB,
    MessageType.AUDIO: 64 * MIB,
    MessageType.VOICE: 64 * MIB,
}
FAMILIES = {
    MessageType.IMAGE: ("image/",),
    # An animated one may be a zip of Lottie's.
    MessageType.STICKER: ("image/", "video/webm", "application/zip"),
    MessageType.AUDIO: ("audio/", "video/ogg", "video/mp4", "video/webm", "video/3gpp"),
    MessageType.VOICE: ("audio/", "video/ogg", "video/mp4", "video/webm", "video/3gpp"),
    MessageType.VIDEO: ("video/", "image/gif"),
}
# What a told type's bytes always show; of other types the bytes may show nothing.
SIGNED = ("image/", "video/", "audio/", "application/pdf")
UNSIGNED = {"image/svg+xml"}
PROGRAMS = {
    "application/x-msdownload",
    "application/x-executable",
    "application/x-mach-binary",
    "application/x-google-chrome-extension",
    "application/wasm",
    "application/java-vm",
    "application/vnd.android.dex",
    "application/x-nintendo-nes-rom",
    "application/x-shockwave-flash",
}
_MACHINE_CODE = (b"MZ", b"\x7fELF", b"\xca\xfe\xba\xbe", b"\xfe\xed\xfa", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe")
_PAGE_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<script", b"<title")


class Unfit(Exception):
    """The file is not one to keep."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class Inspection:
    """Reads a file's beginning at once, to know what it is before any of it is kept; the rest as it is asked for."""

    def __init__(self, chunks: Iterable[bytes], *, kind: MessageType, told: str | None, most_bytes: int) -> None:
        self._chunks = iter(chunks)
        self._most = most_bytes
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        head = self._head()
        self.mimetype = accepted(head, kind, told)
        self._rest = chain([head], self._chunks)

    def __iter__(self) -> Iterator[bytes]:
        """The whole file, once. Raises Unfit when it is too long."""
        for chunk in self._rest:
            self.size_bytes += len(chunk)
            if self.size_bytes > self._most:
                raise Unfit(Reason.TOO_LARGE)
            self._hash.update(chunk)
            yield chunk

    def content(self, told_bytes: int | None) -> Content:
        """What went by, when all has. Raises Unfit when there is less of it than was told."""
        if told_bytes is not None and self.size_bytes < told_bytes:
            raise Unfit(Reason.TRUNCATED)
        return Content(sha256=self._hash.hexdigest(), mimetype=self.mimetype, size_bytes=self.size_bytes)

    def _head(self) -> bytes:
        head = b""
        while len(head) < HEAD and (chunk := next(self._chunks, b"")):
            head += chunk
        if not head:
            raise Unfit(Reason.EMPTY)
        return head


def accepted(head: bytes, kind: MessageType, told: str | None) -> str:
    """The type of a file that begins so. Raises Unfit when it cannot be what the message says that it is."""
    found = sniffed(head)
    if found in PROGRAMS or head.startswith(_MACHINE_CODE):
        raise Unfit(Reason.TYPE_NOT_ALLOWED)
    wanted = FAMILIES.get(kind)
    if wanted and not (found or "").startswith(wanted):
        raise Unfit(Reason.WRONG_TYPE)
    if told and not _may_be(found, told):
        raise Unfit(Reason.WRONG_TYPE)
    return found or (PLAIN if _is_text(head) else BINARY)


def sniffed(head: bytes) -> str | None:
    """What the first bytes show, whatever the file is called."""
    if head[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower().startswith(_PAGE_STARTS):
        return PAGE
    known = filetype.guess_mime(head[:HEAD])
    return str(known) if known else None


def _may_be(found: str | None, told: str) -> bool:
    """Whether bytes that show this can be of a file of that type; families are compared, not their members."""
    if found == PAGE:
        return told in {PAGE, "application/xhtml+xml"}
    if not told.startswith(SIGNED) or told in UNSIGNED:
        return True
    if told == "application/pdf":
        return found == told
    return found is not None and found.partition("/")[0] in {told.partition("/")[0], *_RELATED[told.partition("/")[0]]}


# One container holds sound or moving pictures; which of the two, its first bytes do not always tell.
_RELATED = {"audio": {"video"}, "video": {"audio", "image"}, "image": set[str]()}


def _is_text(head: bytes) -> bool:
    try:
        # A letter may be cut in two where the head ends.
        head[: HEAD - 4].decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in head
