"""A conversation for the record: a page to print, or a file."""

from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.text import slugify
from django.views.decorators.http import require_GET

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.messaging.thread_record import as_json, as_pdf, cut_words, thread_record
from apps.messaging.views.talk import thread_or_404

FORMS = ("page", "pdf", "json")


@door(Permission.OWN_RECORD, Permission.CHAT)
@require_GET
def print_thread(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """`?as=pdf` and `?as=json` are files; else a page."""
    asked = request.GET.get("as", "page")
    form = asked if asked in FORMS else "page"
    record = thread_record(thread_or_404(request, pk), request.user, form=form)
    name = slugify(f"messages-{record.thread.patient.number}")
    if form == "pdf":
        answer = HttpResponse(as_pdf(record), content_type="application/pdf")
    elif form == "json":
        answer = JsonResponse(as_json(record), json_dumps_params={"ensure_ascii": False, "indent": 1})
    else:
        context = {
            "record": record,
            "zone": record.zone.key,
            "cut_words": cut_words(len(record.rows)) if record.cut else "",
        }
        return render(request, "messaging/thread_print.html", context)
    answer["Content-Disposition"] = f'attachment; filename="{name}.{form}"'
    return answer
