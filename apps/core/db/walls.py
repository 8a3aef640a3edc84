"""Migration operations that raise the walls around a table: row policies, composite keys, append-only.

operations = [
    *walls("alerts_alert", links={"patient_id": "patients_patient"}, pump="select, update", pump_sees_all=True),
    *append_only("alerts_alertevent"),
]
"""

from collections.abc import Mapping

from django.db import migrations

CLINIC = "clinic_id = (select nullif(current_setting('telek.clinic', true), '')::uuid)"
OWN = "user_id = (select nullif(current_setting('telek.user', true), '')::uuid)"


def _sql(forwards: str, backwards: str = "") -> migrations.RunSQL:
    return migrations.RunSQL(forwards, backwards or migrations.RunSQL.noop)


def walls(
    table: str,
    *,
    links: Mapping[str, str] | None = None,
    pump: str = "",
    pump_sees_all: bool = False,
    deletable: bool = False,
    own_rows: bool = False,
) -> list[migrations.RunSQL]:
    """Row-level security for a table with `clinic_id`.

    links: column -> parent table; stored as (clinic_id, column) references parent (clinic_id, id), so that a
    link into another clinic cannot even be written. pump: grants for telek_pump. pump_sees_all: the pump may
    see due rows of every clinic. deletable: the application may delete rows (nothing clinical may be).
    own_rows: rows whose user_id is the signed-in person are visible before a clinic is chosen.
    """
    visible = f"({CLINIC}) or ({OWN})" if own_rows else CLINIC
    operations = [
        _sql(f"alter table {table} enable row level security; alter table {table} force row level security;"),
        _sql(
            f"create policy clinic_wall on {table} to telek_app, telek_pump using ({visible}) with check ({CLINIC});"
            f"create policy owner_all on {table} to telek_owner using (true) with check (true);",
        ),
        _sql(f"alter table {table} add constraint {table}_clinic_row unique (clinic_id, id);"),
    ]
    if not deletable:
        operations.append(_sql(f"revoke delete on {table} from telek_app;"))
    if pump:
        operations.append(grant_pump(table, pump))
    if pump_sees_all:
        operations.append(_sql(f"create policy pump_all on {table} to telek_pump using (true) with check (true);"))
    return operations + [_link(table, column, parent) for column, parent in (links or {}).items()]


def _link(table: str, column: str, parent: str) -> migrations.RunSQL:
    return _sql(
        f"alter table {table} add constraint {table}_{column}_same_clinic foreign key (clinic_id, {column}) "
        f"references {parent} (clinic_id, id) deferrable initially deferred;",
    )


def grant_pump(table: str, privileges: str) -> migrations.RunSQL:
    """Let the pump's role read or write a table: `grant_pump("accounts_user", "select")`."""
    return _sql(f"grant {privileges} on {table} to telek_pump;")


def append_only(table: str) -> list[migrations.RunSQL]:
    """Rows are written once: UPDATE, DELETE and TRUNCATE are refused for everybody but a superuser's replica mode."""
    return [
        _sql(
            f"revoke update, delete, truncate on {table} from telek_app;"
            f"create trigger append_only before update or delete on {table} "
            "for each row execute function core_refuse_change();"
            f"create trigger append_only_all before truncate on {table} "
            "for each statement execute function core_refuse_change();",
        ),
    ]
