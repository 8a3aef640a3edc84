"""`manage.py content_pack check FILE`, `install FILE --clinic SLUG`, `export KEY [--clinic SLUG]`."""

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from apps.accounts.models import Clinic
from apps.core.db.scope import use_clinic
from apps.monitoring.actions import newest, publish_pack, read_upload, stage_pack
from apps.monitoring.instruments import LIBRARY
from apps.monitoring.instruments.fhir_questionnaire import to_questionnaire
from apps.monitoring.instruments.pack import Pack, PackRefused, to_document
from apps.monitoring.published import definition_of

GIVEN = ("instrument", "licence", "attribution", "source_url")


class Command(BaseCommand):
    help = "Checks, installs and exports the wording of instruments (docs/content-packs.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        verbs = parser.add_subparsers(dest="verb", required=True)
        check = verbs.add_parser("check", help="say what is wrong with a file, or that nothing is")
        install = verbs.add_parser("install", help="install a file in a clinic")
        for verb in (check, install):
            verb.add_argument("file", type=Path)
            for name in GIVEN:
                verb.add_argument(f"--{name.replace('_', '-')}", default="", help="where a Questionnaire leaves it out")
        install.add_argument("--clinic", required=True, help="the clinic's slug")
        install.add_argument("--publish", action="store_true", help="put it in force at once")
        export = verbs.add_parser("export", help="write an instrument as JSON")
        export.add_argument("key", choices=sorted(LIBRARY))
        export.add_argument("--clinic", help="with the wording of that clinic")
        export.add_argument("--fhir", action="store_true", help="as a FHIR R4 Questionnaire")

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, f"_{options['verb']}")(options)

    def _check(self, options: dict[str, Any]) -> Pack:
        try:
            pack = read_upload(options["file"].read_bytes(), {name: options[name] for name in GIVEN})
        except OSError as problem:
            raise CommandError(str(problem)) from problem
        except PackRefused as refusal:
            raise CommandError("\n".join(map(str, refusal.problems))) from refusal
        base = pack.definition
        self.stdout.write(f"{base.title} {pack.version} ({pack.language}): {len(base.items)} items, nothing is wrong.")
        return pack

    def _install(self, options: dict[str, Any]) -> None:
        pack = self._check(options)
        clinic = self._clinic(options["clinic"])
        with use_clinic(clinic.pk), transaction.atomic():
            try:
                row = stage_pack(clinic=clinic, pack=pack, actor=None)
            except PackRefused as refusal:
                raise CommandError(str(refusal)) from refusal
            if options["publish"]:
                row = publish_pack(pack=row, actor=None)
        self.stdout.write(f"{clinic.name}: {row.get_state_display()}.")

    def _export(self, options: dict[str, Any]) -> None:
        definition = LIBRARY[options["key"]]
        if options["clinic"]:
            clinic = self._clinic(options["clinic"])
            with use_clinic(clinic.pk):
                definition = definition_of(newest(options["key"], clinic))
        shown = to_questionnaire(definition) if options["fhir"] else to_document(definition)
        self.stdout.write(json.dumps(shown, indent=2, ensure_ascii=False))

    def _clinic(self, slug: str) -> Clinic:
        clinic = Clinic.objects.filter(slug=slug).first()
        if clinic is None:
            raise CommandError(f"no clinic {slug!r}")
        return clinic
