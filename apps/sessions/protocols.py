"""Which template a course follows: the clinic's own version that it began with, else the one that ships. Reads only."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import Clinic
from apps.sessions.models import Course, Protocol
from apps.sessions.treatment.courses import TEMPLATES, CourseTemplate
from apps.sessions.treatment.protocols import body_of, read_body
from apps.sessions.words import COURSES


def template_of(protocol: Protocol) -> CourseTemplate:
    """A stored version as a template."""
    return read_body(protocol.key, protocol.body)


def plan_of(course: Course) -> CourseTemplate:
    """What this course follows; a version that was published later changes nothing here."""
    return template_of(course.protocol) if course.protocol else TEMPLATES[course.template]


def in_force(clinic: Clinic, key: str) -> Protocol | None:
    """The clinic's published version of that template."""
    return Protocol.objects.filter(clinic=clinic, key=key, status="active").first()


def offered(clinic: Clinic) -> dict[str, Any]:
    """Key to the words of every template that a course may begin with now; the clinic's own stand in for what ships."""
    own = {row.key: str(row) for row in Protocol.objects.filter(clinic=clinic, status="active")}
    retired = set(Protocol.objects.filter(clinic=clinic, status="retired").values_list("key", flat=True)) - set(own)
    shipped = {key: COURSES[key] for key in TEMPLATES if key not in retired}
    return {**shipped, **own}


def starting_body(key: str) -> dict[str, Any]:
    """What a new draft begins with: the template that ships under that key, else the IV one."""
    template = TEMPLATES.get(key) or TEMPLATES["iv-depression"]
    return body_of(template, name=key)
