import apps.core.ids
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

from apps.core.db.walls import walls

# What was asked never changes; it is decided once.
ONCE = """
create function accounts_pending_is_decided_once() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' or old.outcome <> '' then
    raise exception 'a change is decided once' using errcode = 'check_violation';
  end if;
  if (to_jsonb(new) - '{outcome,decided_by_id,decided_at}'::text[])
     is distinct from (to_jsonb(old) - '{outcome,decided_by_id,decided_at}'::text[]) then
    raise exception 'what was asked does not change' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger decided_once before update or delete on accounts_pendingchange
  for each row execute function accounts_pending_is_decided_once();
"""


class Migration(migrations.Migration):

    dependencies = [("accounts", "0004_pump_forgets_devices")]

    operations = [
        migrations.CreateModel(
            name="PendingChange",
            fields=[
                ("id", models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ("created_at", models.DateTimeField(db_default=models.Func(function="telek_now", output_field=models.DateTimeField()), editable=False)),
                ("kind", models.CharField(choices=[("ladder", "rungs of a ladder"), ("ladder-off", "switch a ladder off"), ("rule", "next version of a rule"), ("rule-off", "switch a rule off"), ("setting", "setting")], max_length=12)),
                ("subject", models.CharField(max_length=60)),
                ("name", models.CharField(max_length=120)),
                ("before", models.JSONField()),
                ("after", models.JSONField()),
                ("reason", models.CharField(max_length=300)),
                ("expires_at", models.DateTimeField()),
                ("outcome", models.CharField(blank=True, choices=[("confirmed", "confirmed"), ("refused", "refused"), ("withdrawn", "withdrawn"), ("expired", "too old")], default="", max_length=10)),
                ("decided_at", models.DateTimeField(null=True)),
                ("asked_by", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
                ("clinic", models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.clinic")),
                ("decided_by", models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to=settings.AUTH_USER_MODEL)),
            ],
            options={
                "ordering": ["-created_at"],
                "constraints": [
                    models.UniqueConstraint(condition=models.Q(("outcome", "")), fields=("clinic", "kind", "subject"), name="one_change_waits_a_subject"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("outcome", "confirmed"), _negated=True),
                            models.Q(("decided_at__isnull", False), ("decided_by__isnull", False), models.Q(("decided_by", models.F("asked_by")), _negated=True)),
                            _connector="OR",
                        ),
                        name="confirmed_by_somebody_else",
                    ),
                ],
            },
        ),
        *walls("accounts_pendingchange"),
        migrations.RunSQL(ONCE, migrations.RunSQL.noop),
    ]
