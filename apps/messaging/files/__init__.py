"""What people may send beside words: photos and PDF documents, read by what they hold and never by their name."""

from apps.messaging.files.reading import NewFile, read_file

__all__ = ["NewFile", "read_file"]
