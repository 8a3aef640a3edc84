"""The second wall, as PostgreSQL's own catalogue describes it."""

import pytest
from django.apps import apps
from django.db import connection, models

pytestmark = pytest.mark.django_db

# Unique without the clinic, and why that tells nobody anything.
UNIQUE_WITHOUT_CLINIC = {
    ("accounts_invitation", ("token_hash",)): "a hash of 256 random bits, looked up before a clinic is known",
    ("accounts_apitoken", ("token_hash",)): "the same",
    ("monitoring_device", ("token_hash",)): "the same",
    ("monitoring_surveylink", ("token_hash",)): "the same",
    ("patients_guestlink", ("token_hash",)): "the same",
    ("care_sessions_visitguest", ("token_hash",)): "the same",
    ("monitoring_questionnaireresponse", ("slot_id",)): "the slot is of the same clinic (composite key)",
}
# Tables with a clinic whose policies differ from walls(), and why.
OTHER_POLICIES = {
    "audit_auditevent": "rows without a clinic (sign-in) are readable; they name no patient",
    "core_datakey": "the application only: the pump never decrypts",
}
# Policies that take something away from what walls() shows.
NARROWER = {
    ("messaging_thread", "team_wall"): "what is among staff is shown to no patient's session",
    ("messaging_message", "team_wall"): "the same",
    ("messaging_attachment", "message_wall"): "a file is shown to whoever is shown its message",
}
# Links between rows of clinics that no composite key guards, and why.
LOOSE_LINKS: dict[tuple[str, str], str] = {}
# What the pump's role may do: nothing else. Every entry is needed by something that the pump does.
READS = [
    "care_sessions_course",
    "care_sessions_protocol",
    "care_sessions_dosingsession",
    "accounts_clinic",
    "accounts_clinicsetting",
    "accounts_membership",
    "accounts_user",
    "alerts_contactattempt",
    "alerts_escalationpolicy",
    "alerts_escalationrung",
    "alerts_reviewedlevel",
    "alerts_rostershift",
    "core_clockshift",
    "messaging_readmark",
    "monitoring_anchor",
    "monitoring_assignment",
    "monitoring_holiday",
    "monitoring_itemanswer",
    "monitoring_observation",
    "monitoring_questionnaire",
    "monitoring_questionnaireresponse",
    "monitoring_safetyitem",
    "patients_guestlink",
    "patients_patient",
]
PUMP = {
    **dict.fromkeys(READS, "select"),
    "accounts_contactpoint": "delete, select",
    "notifications_pushsubscription": "delete, select",
    "alerts_alert": "insert, select, update",
    "alerts_alertevent": "insert, select",
    "alerts_alertoccurrence": "insert, select",
    "alerts_alertstep": "insert, select",
    "alerts_rule": "select, update",
    "audit_auditevent": "insert, select",
    "care_sessions_driverlink": "select, update",
    "care_sessions_medicationadministration": "select, update",
    "care_sessions_remsform": "select, update",
    "care_sessions_homewatch": "select, update",
    "care_sessions_integrationwindow": "select, update",
    "care_sessions_planneddose": "select, update",
    "care_sessions_previsitcheck": "select",
    "care_sessions_safetycheck": "select, update",
    "care_sessions_stockdifference": "select, update",
    "care_sessions_visit": "select, update",
    "care_sessions_visitevent": "insert, select",
    "core_enginebeat": "insert, select, update",
    "messaging_thread": "select, update",
    "monitoring_itemanswer": "insert, select",  # of the canary alone: policy pump_answers_as_canary
    "monitoring_problem": "select, update",
    "monitoring_slot": "insert, select, update",
    "monitoring_surveylink": "insert, select, update",
    "notifications_delivery": "insert, select, update",
    "notifications_demomessage": "insert, select",
    "outcomes_chancegrade": "insert, select",
    "outcomes_filterstate": "insert, select, update",
    "outcomes_forecast": "insert, select",
    "outcomes_forecastclock": "insert, select, update",
    "outcomes_forecastpoint": "insert, select",
    "outcomes_grade": "insert, select",
    "outcomes_modelversion": "insert, select",
}


def rows(query: str, *parameters: object) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query, parameters)
        return list(cursor.fetchall())


def clinic_tables() -> set[str]:
    found = rows(
        "select table_name from information_schema.columns where table_schema = 'public' and column_name = 'clinic_id'"
    )
    return {str(name) for (name,) in found}


def test_every_table_with_a_clinic_is_behind_row_level_security_for_its_owner_too() -> None:
    found = rows(
        "select relname, relrowsecurity, relforcerowsecurity from pg_class c "
        "join pg_namespace n on n.oid = c.relnamespace where nspname = 'public' and relkind in ('r', 'p')"
    )
    state = {name: (enabled, forced) for name, enabled, forced in found}
    assert {table for table in clinic_tables() if state[table] != (True, True)} == set()
    assert len(clinic_tables()) >= 20


def test_every_model_with_a_clinic_is_among_those_tables() -> None:
    named = {
        model._meta.db_table
        for model in apps.get_models()
        if any(isinstance(f, models.Field) and f.attname == "clinic_id" for f in model._meta.get_fields())
    }
    assert named == clinic_tables()


def test_every_policy_of_the_application_compares_the_clinic_on_reading_and_writing() -> None:
    found = rows(
        "select tablename, policyname, cmd, permissive, qual, with_check from pg_policies "
        "where 'telek_app' = any(roles) or 'public' = any(roles)"
    )
    walls = {}
    for table, name, command, permissive, using, check in found:
        if (table, name) in NARROWER:
            assert permissive == "RESTRICTIVE"
            continue
        assert permissive == "PERMISSIVE"
        if table in OTHER_POLICIES:
            continue
        assert command == "ALL", table
        for condition in (using, check):
            assert "clinic_id = " in str(condition), table
            assert "telek.clinic" in str(condition), table
        # A row may only be written under the clinic in force, whoever owns it.
        assert "telek.user" not in str(check), table
        walls[table] = True
    assert set(walls) == clinic_tables() - set(OTHER_POLICIES)


def test_only_the_pump_has_a_policy_that_sees_every_clinic() -> None:
    found = rows("select tablename, roles::text from pg_policies where qual = 'true'")
    assert {roles for _table, roles in found} <= {"{telek_owner}", "{telek_pump}"}


def test_no_role_of_telek_is_above_the_walls() -> None:
    found = rows("select rolname, rolsuper, rolbypassrls from pg_roles where rolname like 'telek%%'")
    assert {name: (above, around) for name, above, around in found} == {
        "telek_app": (False, False),
        "telek_owner": (False, False),
        "telek_pump": (False, False),
    }


def test_every_unique_key_contains_the_clinic() -> None:
    found = rows(
        """
        select t.relname, array_agg(a.attname::text order by a.attname) from pg_index i
        join pg_class t on t.oid = i.indrelid join pg_attribute a on a.attrelid = t.oid and a.attnum = any(i.indkey)
        where i.indisunique and not i.indisprimary group by i.indexrelid, t.relname
        """
    )
    wrong = [
        (table, tuple(columns))  # type: ignore[arg-type]
        for table, columns in found
        if table in clinic_tables() and "clinic_id" not in columns  # type: ignore[operator]
    ]
    assert sorted(key for key in wrong if key not in UNIQUE_WITHOUT_CLINIC) == []


def test_a_link_between_rows_of_clinics_carries_the_clinic() -> None:
    """For each foreign key from one table with a clinic to another there is a composite one beside it."""
    found = rows(
        """
        select c.conrelid::regclass::text, c.confrelid::regclass::text,
               array(select a.attname::text from unnest(c.conkey) k join pg_attribute a
                     on a.attrelid = c.conrelid and a.attnum = k)
        from pg_constraint c where c.contype = 'f'
        """
    )
    tables = clinic_tables()
    single, composite = set(), set()
    for table, target, columns in found:
        if table not in tables or target not in tables:
            continue
        names = set(columns)  # type: ignore[call-overload]
        if "clinic_id" in names:
            composite |= {(table, name) for name in names - {"clinic_id"}}
        else:
            single |= {(table, name) for name in names}
    assert sorted(link for link in single - composite if link not in LOOSE_LINKS) == []


def grants(role: str) -> dict[str, str]:
    """table > what the role may do, as granted (the information schema hides other roles' grants)."""
    found = rows(
        "select relname, string_agg(lower(g.privilege_type), ', ' order by g.privilege_type) "
        "from pg_class c, aclexplode(c.relacl) g "
        "where c.relkind in ('r', 'p', 'v') and g.grantee in (%s::regrole, 0) group by relname",
        role,
    )
    return {str(table): str(kinds) for table, kinds in found}


def test_the_application_owns_nothing_and_cannot_truncate() -> None:
    assert rows("select relname from pg_class where relowner = 'telek_app'::regrole") == []
    own = {table: kinds for table, kinds in grants("telek_app").items() if not table.startswith("pg_")}
    assert own
    assert {table for table, kinds in own.items() if "truncate" in kinds or "trigger" in kinds} == set()


def test_append_only_tables_refuse_the_application() -> None:
    """Both by what is granted and by trigger; a table that says so in one way says so in the other."""
    may, watched = (
        grants("telek_app"),
        rows("select tgrelid::regclass::text from pg_trigger where tgname = 'append_only'"),
    )
    tables = {str(table) for (table,) in watched} & set(may)
    assert {"audit_auditevent", "alerts_alertevent", "care_sessions_stockentry", "messaging_attachment"} <= tables
    assert {table: may[table] for table in tables if may[table] != "insert, select"} == {}
    once = {table for table, kinds in may.items() if kinds == "insert, select"}
    assert once & clinic_tables() - tables == set()


def test_functions_with_the_owners_rights_look_in_public_alone_and_are_for_named_roles() -> None:
    found = rows(
        """
        select p.oid::regprocedure::text, p.proconfig::text, p.prorettype = 'trigger'::regtype or not exists (
          select from aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g where g.grantee = 0)
        from pg_proc p where p.prosecdef and p.pronamespace = 'public'::regnamespace
        """
    )
    assert len(found) > 10
    assert {
        name for name, settings, _closed in found if "search_path=pg_catalog, public, pg_temp" not in settings
    } == set()  # type: ignore[operator]
    assert {name for name, _settings, closed in found if not closed} == set()


def test_no_view_reads_with_more_rights_than_whoever_asks_it() -> None:
    found = rows(
        "select relname, relkind, reloptions::text from pg_class where relkind in ('v', 'm') "
        "and relnamespace = 'public'::regnamespace"
    )
    assert [name for name, kind, options in found if kind == "m" or "security_invoker=true" not in str(options)] == []


def pump_grants() -> dict[str, str]:
    tables = set(connection.introspection.table_names())
    return {table: kinds for table, kinds in grants("telek_pump").items() if table in tables}


def test_the_pump_may_do_exactly_what_is_written_here() -> None:
    assert pump_grants() == PUMP


def test_the_pump_reads_no_message_and_no_secret() -> None:
    closed = {
        "messaging_message",
        "core_datakey",
        "patients_safetyplan",
        "patients_safetynote",
        "accounts_apitoken",
        "accounts_invitation",
        "mfa_authenticator",
        "django_session",
    }
    assert closed & set(pump_grants()) == set()
