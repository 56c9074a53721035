"""Where files of messages are kept and how they are found."""

from shared.crm.media.model import MediaFile
from shared.runtime.mapping import map_aggregate
from shared.runtime.work import Repository

media_files = map_aggregate(MediaFile, "media_files")


class MediaFiles(Repository[MediaFile]):
    kind = MediaFile
