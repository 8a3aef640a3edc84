"""What this app keeps."""

from apps.messaging.models.answers import ReadyAnswer
from apps.messaging.models.files import Attachment
from apps.messaging.models.threads import ANSWERING, Message, ReadMark, Thread, ThreadTransfer

__all__ = ["ANSWERING", "Attachment", "Message", "ReadMark", "ReadyAnswer", "Thread", "ThreadTransfer"]
