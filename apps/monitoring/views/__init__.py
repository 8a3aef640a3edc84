"""Pages of monitoring: the form, the one-tap link, the patient's portal, schedules at the desk."""
