import hashlib
import io
import zipfile

import pytest

from infra.fakes.waha_files import PAGE, sample
from shared.crm.media.inspecting import Inspection, Unfit, accepted, sniffed
from shared.crm.media.model import Reason
from shared.kernel.inbound import MessageType as Kind

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
JPEG, PDF, OGG, MP4, WEBP = (sample(kind, "x") for kind in ("image", "document", "voice", "video", "sticker"))
MP3 = b"ID3\4\0\0\0\0\0\0" + bytes(100)
ELF = b"\x7fELF\2\1\1" + bytes(100)
DOS = b"MZ\x90\0" + bytes(100)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def zipped(**files: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "told", "mimetype"),
    [
        (JPEG, Kind.IMAGE, "image/jpeg", "image/jpeg"),
        (PNG, Kind.IMAGE, "image/jpeg", "image/png"),
        (WEBP, Kind.STICKER, "image/webp", "image/webp"),
        (zipped(animation=b"{}"), Kind.STICKER, "application/was", "application/zip"),
        (OGG, Kind.VOICE, "audio/ogg", "audio/ogg"),
        (MP3, Kind.AUDIO, "audio/mpeg", "audio/mpeg"),
        (MP4, Kind.AUDIO, "audio/mp4", "video/mp4"),
        (MP4, Kind.VIDEO, "video/mp4", "video/mp4"),
        (PDF, Kind.DOCUMENT, "application/pdf", "application/pdf"),
        (JPEG, Kind.DOCUMENT, "image/jpeg", "image/jpeg"),
        (b"nome,valor\nAna,1\n", Kind.DOCUMENT, "text/csv", "text/plain"),
        ("olá".encode() * 4000, Kind.DOCUMENT, None, "text/plain"),
        (PAGE, Kind.DOCUMENT, "text/html", "text/html"),
        (SVG, Kind.DOCUMENT, "image/svg+xml", "text/plain"),
        (b"\1\2\3\0" * 9, Kind.DOCUMENT, "application/octet-stream", "application/octet-stream"),
        (PNG, Kind.UNKNOWN, None, "image/png"),
    ],
)
def test_what_a_file_is_its_first_bytes_say(content, kind, told, mimetype):
    assert accepted(content[:8192], kind, told) == mimetype


@pytest.mark.parametrize(
    ("content", "kind", "told", "reason"),
    [
        (PAGE, Kind.IMAGE, "image/jpeg", Reason.WRONG_TYPE),
        (b"\n\n  " + PAGE, Kind.DOCUMENT, "application/pdf", Reason.WRONG_TYPE),
        (b"\xef\xbb\xbf" + PAGE, Kind.DOCUMENT, None, None),
        (PDF, Kind.IMAGE, "image/jpeg", Reason.WRONG_TYPE),
        (PDF, Kind.DOCUMENT, "image/png", Reason.WRONG_TYPE),
        (JPEG, Kind.DOCUMENT, "application/pdf", Reason.WRONG_TYPE),
        (JPEG, Kind.VOICE, "audio/ogg", Reason.WRONG_TYPE),
        (SVG, Kind.IMAGE, "image/svg+xml", Reason.WRONG_TYPE),
        (b"{}", Kind.IMAGE, "image/jpeg", Reason.WRONG_TYPE),
        (zipped(bomb=bytes(10**6)), Kind.IMAGE, "image/jpeg", Reason.WRONG_TYPE),
        (ELF, Kind.DOCUMENT, "application/octet-stream", Reason.TYPE_NOT_ALLOWED),
        (DOS, Kind.DOCUMENT, "application/pdf", Reason.TYPE_NOT_ALLOWED),
        (DOS, Kind.UNKNOWN, None, Reason.TYPE_NOT_ALLOWED),
    ],
)
def test_what_it_cannot_be_is_refused(content, kind, told, reason):
    if reason is None:
        assert accepted(content, kind, told) == "text/html"
        return
    with pytest.raises(Unfit) as refused:
        accepted(content[:8192], kind, told)
    assert refused.value.reason is reason


def parts(content, size):
    return [content[at : at + size] for at in range(0, len(content), size)]


@pytest.mark.parametrize("size", [1, 7, 8192, 10**6])
def test_the_file_goes_by_as_it_is_however_it_is_cut(size):
    seen = Inspection(parts(JPEG[:20_000], size), kind=Kind.IMAGE, told="image/jpeg", most_bytes=20_000)
    assert b"".join(seen) == JPEG[:20_000]
    found = seen.content(20_000)
    assert (found.size_bytes, found.sha256) == (20_000, hashlib.sha256(JPEG[:20_000]).hexdigest())


def test_nothing_is_read_beyond_the_beginning_before_it_is_asked_for():
    asked = []

    def chunks():
        for chunk in parts(JPEG, 8192):
            asked.append(chunk)
            yield chunk

    Inspection(chunks(), kind=Kind.IMAGE, told=None, most_bytes=10**6)
    assert len(asked) == 1


def test_too_long_is_noticed_at_the_first_byte_too_many():
    def endless():
        while True:
            yield JPEG

    seen = Inspection(endless(), kind=Kind.IMAGE, told=None, most_bytes=100_000)
    with pytest.raises(Unfit) as refused:
        list(seen)
    assert refused.value.reason is Reason.TOO_LARGE
    assert seen.size_bytes <= 100_000 + len(JPEG)


def test_nothing_is_no_file():
    with pytest.raises(Unfit) as refused:
        Inspection([], kind=Kind.DOCUMENT, told=None, most_bytes=10)
    assert refused.value.reason is Reason.EMPTY


@pytest.mark.parametrize(("told", "fits"), [(None, True), (100, True), (99, True), (101, False)])
def test_less_than_was_told_is_truncated(told, fits):
    seen = Inspection([PNG[:100]], kind=Kind.IMAGE, told=None, most_bytes=1000)
    list(seen)
    if fits:
        assert seen.content(told).size_bytes == 100
        return
    with pytest.raises(Unfit) as refused:
        seen.content(told)
    assert refused.value.reason is Reason.TRUNCATED


def test_an_office_document_is_known():
    found = sniffed(zipped(**{"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}))
    assert found
    assert "zip" in found or "word" in found
