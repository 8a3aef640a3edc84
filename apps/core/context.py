"""The request that this piece of work belongs to, for audit rows and logs."""

from contextvars import ContextVar

request_id: ContextVar[str] = ContextVar("telek_request_id", default="")
