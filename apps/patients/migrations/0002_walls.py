from django.db import migrations

from apps.core.db.walls import append_only, walls

PATIENT = {"patient_id": "patients_patient"}


class Migration(migrations.Migration):
    dependencies = [("patients", "0001_initial"), ("accounts", "0002_walls")]
    operations = [
        *walls("patients_patient", links={"treating_id": "accounts_membership"}, pump="select"),
        *walls("patients_emergencycontact", links=PATIENT, deletable=True),
        *walls("patients_safetyplan", links={**PATIENT, "reviewed_with_id": "accounts_membership"}),
        *append_only("patients_safetyplan"),
        *walls("patients_safetynote", links={**PATIENT, "author_id": "accounts_membership"}),
        *walls("patients_consent", links=PATIENT),
        *walls("patients_whereabouts", links=PATIENT),
        *append_only("patients_whereabouts"),
    ]
