"""Every way in says what it asks for, or why it asks for nothing."""

from collections.abc import Iterator
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver

from apps.accounts.doors import Door
from apps.accounts.permissions import Permission

# Views that are not ours, with the reason why they need no door of ours.
OTHERS = {
    "allauth": "the sign-in library: its pages check the session themselves",
    "django.contrib.admin": "the admin site asks has_permission, each page its ModelAdmin's permissions",
    "apps.accounts.admin": "wrapped by admin_site.admin_view",
    "django.views.generic.base": "redirects within the admin and allauth",
    "django.contrib.staticfiles": "static files are public",
    "django.views.static": "static files are public",
    "django.views.i18n": "words for the admin's scripts",
    "drf_spectacular": "the API's own description; it asks like any API view",
}


def all_views(resolver: URLResolver | None = None, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """(path, view) of the whole tree."""
    for entry in (resolver or get_resolver()).url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from all_views(entry, path)
        elif isinstance(entry, URLPattern):
            yield path, entry.callback


def api_class(view: Any) -> Any:
    """The API view class behind a view, or None."""
    found = getattr(view, "cls", None) or getattr(view, "view_class", None)
    return found if found is not None and hasattr(found, "permission_classes") else None


def module_of(view: Any) -> str:
    owner = getattr(view, "view_class", None) or getattr(view, "cls", None) or view
    return str(getattr(owner, "__module__", ""))


def is_foreign(view: Any) -> bool:
    by_admin = hasattr(view, "admin_site") or hasattr(view, "model_admin")  # Django's mark of its wrapping
    return by_admin or any(module_of(view).startswith(name) for name in OTHERS)


def test_every_page_of_ours_has_a_door() -> None:
    without = [
        f"{path} ({module_of(view)})"
        for path, view in all_views()
        if not is_foreign(view) and api_class(view) is None and not isinstance(getattr(view, "door", None), Door)
    ]
    assert without == []


def test_every_door_names_permissions_or_a_reason() -> None:
    for path, view in all_views():
        door = getattr(view, "door", None)
        if door is not None:
            assert bool(door.needed) != bool(door.why), path
            assert all(isinstance(permission, Permission) for permission in door.needed), path


def test_every_api_view_names_what_it_needs() -> None:
    for path, view in all_views():
        cls = api_class(view)
        if cls is None or is_foreign(view):
            continue
        needed = getattr(cls, "needed", None)
        assert needed, path
        named = [one for some in needed.values() for one in some] if isinstance(needed, dict) else list(needed)
        assert named, path
        assert all(isinstance(permission, Permission) for permission in named), path
        assert [permission.__name__ for permission in cls.permission_classes] == ["ApiDoor"], path


def test_foreign_views_come_from_their_own_prefix() -> None:
    for path, view in all_views():
        if is_foreign(view) and not path.startswith(("accounts/", "admin/", "static/", "api/")):
            raise AssertionError(f"{path} is served by {module_of(view)}")
