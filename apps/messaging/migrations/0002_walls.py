from django.db import migrations

from apps.core.db.walls import append_only, walls

THREAD = {"thread_id": "messaging_thread"}


class Migration(migrations.Migration):
    dependencies = [("messaging", "0001_initial"), ("patients", "0002_walls")]
    operations = [
        # The pump may see that somebody waits, never what was written: no grant on messaging_message.
        *walls("messaging_thread", links={"patient_id": "patients_patient", "owner_id": "accounts_membership"}, pump="select, update", pump_sees_all=True),
        *walls("messaging_threadtransfer", links={**THREAD, "actor_id": "accounts_membership", "to_id": "accounts_membership"}),
        *append_only("messaging_threadtransfer"),
        *walls("messaging_message", links=THREAD),
        *append_only("messaging_message"),
        *walls("messaging_readmark", links=THREAD, pump="select"),
    ]
