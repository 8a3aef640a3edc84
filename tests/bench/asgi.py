"""The real server with one more address."""

from django.conf import settings

from telek.asgi import application

settings.ROOT_URLCONF = "tests.bench.urls"

__all__ = ["application"]
