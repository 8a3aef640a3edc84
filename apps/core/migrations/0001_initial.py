import django.db.models.functions.datetime
from django.db import migrations, models

FUNCTIONS = """
grant usage on schema public to telek_app, telek_pump;
grant select, insert, update, delete on all tables in schema public to telek_app;
grant usage, select on all sequences in schema public to telek_app, telek_pump;
alter default privileges in schema public grant select, insert, update, delete on tables to telek_app;
alter default privileges in schema public grant usage, select on sequences to telek_app, telek_pump;
create table core_clockshift (id bigint primary key, shift interval not null, constraint one_clock check (id = 1));
grant select on core_clockshift to telek_pump;
-- Production has no row in core_clockshift, so nothing can move its time.
create function telek_now() returns timestamptz language sql stable as $$
  select coalesce(
    (select coalesce(nullif(current_setting('telek.now', true), '')::timestamptz, statement_timestamp() + shift)
       from core_clockshift limit 1),
    statement_timestamp())
$$;
create function core_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'insufficient_privilege';
end $$;
create table core_cache (cache_key varchar(255) primary key, value text not null, expires timestamptz not null);
create index core_cache_expires on core_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True
    dependencies = []
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(FUNCTIONS)],
            state_operations=[
                migrations.CreateModel(
                    name="ClockShift",
                    fields=[
                        ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                        ("shift", models.DurationField()),
                    ],
                    options={"constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_clock")]},
                ),
            ],
        ),
        migrations.CreateModel(
            name="DataKey",
            fields=[
                ("person_id", models.UUIDField(primary_key=True, serialize=False)),
                ("clinic_id", models.UUIDField(db_index=True)),
                ("wrapped", models.BinaryField()),
                ("destroyed_at", models.DateTimeField(blank=True, null=True)),
            ],
        ),
        migrations.CreateModel(
            name="RateCount",
            fields=[
                ("key", models.CharField(max_length=200, primary_key=True, serialize=False)),
                ("window_ends_at", models.DateTimeField()),
                ("count", models.PositiveIntegerField(default=0)),
            ],
        ),
        migrations.CreateModel(
            name="EngineBeat",
            fields=[
                ("engine", models.CharField(max_length=100, primary_key=True, serialize=False)),
                ("host", models.CharField(max_length=200)),
                ("pid", models.IntegerField()),
                ("started_at", models.DateTimeField()),
                ("finished_ok_at", models.DateTimeField(null=True)),
                ("overdue_steps", models.IntegerField(default=0)),
                ("overdue_deliveries", models.IntegerField(default=0)),
            ],
        ),
        migrations.RunSQL(
            """
            alter table core_datakey enable row level security;
            alter table core_datakey force row level security;
            create policy clinic_wall on core_datakey to telek_app
              using (clinic_id = (select nullif(current_setting('telek.clinic', true), '')::uuid))
              with check (clinic_id = (select nullif(current_setting('telek.clinic', true), '')::uuid));
            create policy owner_all on core_datakey to telek_owner using (true) with check (true);
            grant select, insert, update on core_enginebeat to telek_pump;
            """,
            migrations.RunSQL.noop,
        ),
    ]
