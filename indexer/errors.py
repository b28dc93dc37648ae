"""What can go wrong while articles become an index, as one tree.

    QuothError                    every error this project raises on purpose
    ├── IndexerError
    │   ├── CorpusError           the folder of articles: a caller's mistake
    │   │   ├── UnreadableFileError   one file; the others are still indexed
    │   │   └── SidecarError          the folder's metadata.toml
    │   ├── SettingsError         settings out of range, or that contradict each other
    │   ├── EncoderError          the model cannot be loaded or does not suit its use
    │   │   └── EncoderMismatchError  the index was made by another encoder
    │   └── StorageError          the index on disk
    │       ├── IndexMissingError     nothing has been published there
    │       ├── DamagedGenerationError    a file is missing, cut short or altered
    │       ├── FormatVersionError    written by another version of Quoth
    │       ├── WriterLockedError     another process is building this index: try later
    │       ├── PublishError          the disk is full or read-only: the old generation stays
    │       └── BackupError           a backup cannot be written or read
    │           └── DamagedBackupError    cut short, altered, or not a backup
    └── service.errors.ServiceError   (see there)

Every message states what happened and what to do about it.
"""

from __future__ import annotations


class QuothError(Exception):
    """Base of every error that Quoth raises on purpose. Its message is meant for the user."""


class IndexerError(QuothError):
    """Base of the indexer's errors."""


class CorpusError(IndexerError):
    """The folder of articles is missing, empty or holds nothing readable."""


class UnreadableFileError(CorpusError):
    """One file could not be read as an article; `reason` says why, without the file's name."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class SidecarError(CorpusError):
    """The folder's `metadata.toml` cannot be parsed, or has an invalid entry."""


class SettingsError(IndexerError):
    """Settings are out of range or contradict each other."""


class EncoderError(IndexerError):
    """The encoder cannot be loaded or does not suit its use."""


class EncoderMismatchError(EncoderError):
    """The index was made by another encoder than the one loaded."""


class StorageError(IndexerError):
    """The index on disk cannot be read or written."""


class IndexMissingError(StorageError):
    """No generation has been published in the index folder."""


class DamagedGenerationError(StorageError):
    """A generation's files are not the ones its manifest names."""


class FormatVersionError(StorageError):
    """The generation was written in a format that this version does not read."""


class WriterLockedError(StorageError):
    """Another process is writing this index; a later try may succeed."""


class PublishError(StorageError):
    """Writing failed (a full disk, no permission); what was published before is untouched."""


class BackupError(StorageError):
    """A backup cannot be written or read; no index was changed."""


class DamagedBackupError(BackupError):
    """The file is not, byte for byte, what `quoth backup` wrote."""
