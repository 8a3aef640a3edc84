"""A file that somebody sent, handed out again: sandboxed, never guessed at, under a name that says nothing."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse


def handed_out(content: bytes, pk: UUID, *, photo: bool) -> HttpResponse:
    """A JPEG to look at, or a PDF to save."""
    name = f"telek-{pk.hex[-8:]}.{'jpg' if photo else 'pdf'}"
    answer = HttpResponse(content, content_type="image/jpeg" if photo else "application/pdf")
    answer["Content-Disposition"] = f'{"inline" if photo else "attachment"}; filename="{name}"'
    answer["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer
