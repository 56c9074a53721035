"""Work on files that is done later, away from every request."""

from uuid import UUID

from shared.kernel.tasks import Task


class FetchMedia(Task, name="fetch_media", queue="media"):
    """Bring a file into our own store: a message's from its provider, an uploaded one from where it was put."""

    media_id: UUID


class FetchImportedMedia(Task, name="fetch_imported_media", queue="media-imports"):
    """The same for a file of an old message, in a queue of its own so that none of today's waits behind it."""

    media_id: UUID


class RemoveOldMedia(Task, name="remove_old_media", queue="sweeps"):
    """Forget files of a project whose time is over."""

    project_id: UUID


class RemoveMediaObject(Task, name="remove_media_object", queue="sweeps"):
    """Delete a content from the bucket that nothing refers to any more."""

    sha256: str
