"""Every address of the application, from the resolver itself."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RegexPattern

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True)
class Route:
    """path as the table writes it: /desk/alerts/<uuid:pk>/."""

    path: str
    view: Any

    @property
    def parameters(self) -> list[str]:
        return PARAMETER.findall(self.path)

    def address(self, *values: str) -> str:
        """The path with its parameters filled in, in order."""
        wanted = iter(values)
        return PARAMETER.sub(lambda _match: next(wanted), self.path)


def all_routes() -> list[Route]:
    """Each address once."""
    found: dict[str, Route] = {}
    _collect(get_resolver(), "/", found)
    return sorted(found.values(), key=lambda route: route.path)


def _collect(resolver: URLResolver, prefix: str, found: dict[str, Route]) -> None:
    for entry in resolver.url_patterns:
        path = prefix + _text(entry)
        if isinstance(entry, URLResolver):
            _collect(entry, path, found)
        elif isinstance(entry, URLPattern) and not path.endswith((".<format>", ".<drf_format_suffix:format>")):
            found.setdefault(path, Route(path, entry.callback))


def _text(entry: URLPattern | URLResolver) -> str:
    if isinstance(entry.pattern, RegexPattern):
        return simplify_regex(str(entry.pattern)).lstrip("/")
    return str(entry.pattern)
