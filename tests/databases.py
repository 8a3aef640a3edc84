"""A database for this worker: made by the superuser, migrated by the owner, used as the application's role."""

import os
from urllib.parse import urlsplit, urlunsplit

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from psycopg import sql

from apps.core.db.roles import as_role

KEEP = {
    "django_migrations",
    "django_content_type",
    "auth_permission",
    "monitoring_questionnaire",
    "monitoring_safetyitem",
}
NAME = "test_telek_" + os.environ.get("PYTEST_XDIST_WORKER", "main")


def superuser_url(database: str = NAME) -> str:
    """The server's superuser: only tests connect so, to make databases and to empty them."""
    parts = urlsplit(os.environ["DATABASE_URL"])
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"postgres@{host}", path=f"/{database}"))


def make_database() -> None:
    """Create and migrate this worker's database and point Django at it as telek_app."""
    with psycopg.connect(superuser_url("postgres"), autocommit=True) as server:
        server.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(NAME)))
        server.execute(sql.SQL("create database {} owner telek_owner").format(sql.Identifier(NAME)))
    with psycopg.connect(superuser_url(), autocommit=True) as database:
        database.execute("create extension if not exists btree_gist")
    connection.close()
    connection.settings_dict["NAME"] = NAME
    with as_role("owner"):
        call_command("migrate", verbosity=0)


left_behind = False  # a transactional test began, and its rows are not gone yet


def empty_if_left() -> None:
    """A test that died in its own teardown does not fail the ones after it."""
    if left_behind:
        empty_tables()


def empty_tables() -> None:
    """What a transactional test leaves behind, gone. Append-only tables refuse TRUNCATE to everybody else."""
    global left_behind
    tables = {model._meta.db_table for model in apps.get_models(include_auto_created=True)} - KEEP
    with psycopg.connect(superuser_url(), autocommit=True) as database:
        database.execute("set session_replication_role = replica")
        full = [
            table
            for table in sorted(tables)
            if database.execute(sql.SQL("select exists (select from {})").format(sql.Identifier(table))).fetchone()[0]
        ]
        for table in full:
            database.execute(sql.SQL("delete from {}").format(sql.Identifier(table)))
    left_behind = False
