"""What the codes of gate, dose, discharge and screening mean, in words for the desk and for the person."""

from collections.abc import Iterable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.sessions.dose_limits import DoseLevel
from apps.sessions.eligibility import Status

STATUS = {
    Status.CONTRAINDICATED: _("contraindicated"),
    Status.NOT_RECOMMENDED: _("not recommended"),
    Status.HOLD: _("hold today"),
    Status.CAUTION: _("caution"),
    Status.ELIGIBLE: _("eligible"),
}
LEVEL = {
    DoseLevel.WITHIN_USUAL: _("within the usual range"),
    DoseLevel.BELOW_USUAL: _("below the usual range"),
    DoseLevel.ABOVE_USUAL: _("above the usual range"),
    DoseLevel.HARD_STOP: _("outside the hard limit"),
}
ELIGIBILITY = {
    "aneurysmal_vascular_disease": _("Aneurysm of a large or brain vessel"),
    "arteriovenous_malformation": _("Arteriovenous malformation"),
    "intracerebral_haemorrhage_history": _("Bleeding in the brain, ever"),
    "hypersensitivity_ketamine_esketamine": _("Allergy to ketamine or esketamine"),
    "mi_or_stroke_within_6_weeks": _("Heart attack or stroke within 6 weeks"),
    "age_under_18": _("Under 18"),
    "setting_not_rems_certified": _("This clinic is not REMS certified"),
    "patient_not_rems_enrolled": _("Not enrolled in REMS"),
    "home_administration": _("Esketamine is never taken at home"),
    "pregnant": _("Pregnant"),
    "breastfeeding": _("Breastfeeding"),
    "active_psychosis": _("Psychosis now"),
    "active_substance_use_disorder": _("Substance use disorder now"),
    "uncontrolled_hypertension": _("Blood pressure not controlled"),
    "unstable_cardiac_disease": _("Unstable heart disease"),
    "severe_hepatic_impairment": _("Severe liver disease (Child-Pugh C)"),
    "bp_180_110": _("Blood pressure 180/110 or higher"),
    "bp_over_140_90": _("Blood pressure over 140/90"),
    "no_escort": _("Nobody to take them home"),
    "intoxicated": _("Intoxicated"),
    "spo2_under_94": _("Oxygen saturation under 94 %"),
    "cssrs_high_needs_clinician": _("High risk on the suicide screen: a clinician decides"),
    "possible_mania": _("Possible mania"),
    "age_not_recorded": _("Age not recorded"),
    "sbp_not_recorded": _("Systolic pressure not taken today"),
    "dbp_not_recorded": _("Diastolic pressure not taken today"),
    "spo2_not_recorded": _("Oxygen saturation not taken today"),
    "escort_arranged_not_recorded": _("Ride home not asked"),
    "setting_certified_not_recorded": _("REMS certification not recorded"),
    "rems_enrolled_not_recorded": _("REMS enrolment not recorded"),
    "moderate_hepatic_impairment": _("Moderate liver disease (Child-Pugh B): watch longer"),
    "psychosis_history": _("Psychosis in the past"),
    "substance_use_disorder_history": _("Substance use disorder in the past"),
    "bladder_symptoms": _("Bladder symptoms"),
    "maoi": _("Takes an MAO inhibitor: pressure"),
    "psychostimulant": _("Takes a stimulant: pressure"),
    "benzodiazepine": _("Takes a benzodiazepine: sedation"),
    "opioid": _("Takes an opioid: sedation"),
    "other_cns_depressant": _("Takes another sedative"),
    "bipolar": _("Bipolar disorder"),
    "raised_intracranial_pressure_risk": _("Risk of raised pressure in the head"),
    "food_within_2h": _("Ate within 2 hours"),
    "liquid_within_30min": _("Drank within 30 minutes"),
    "nasal_spray_within_1h": _("Nasal spray within 1 hour"),
}
GATE = {
    "consent_missing": _("No signed consent"),
    "consent_withdrawn": _("The person withdrew their consent"),
    "consent_outdated": _("Consent is to an older text: sign the new one"),
    "screening_missing": _("No screening"),
    "screening_too_old": _("Screening is too old: ask again"),
    "screening_unclear": _("An answer of the screening is \u201cnot sure\u201d: clear it up"),
    "pre_dose_check_missing": _("Today's questions are not asked"),
    "prescriber_not_present": _("No prescriber on site"),
    "second_session_same_day": _("Already a session that day"),
    "over_two_in_7_days": _("More than two sessions in 7 days"),
    "weekly_from_week_5": _("From week 5 once a week"),
    "review_missing": _("A prescriber reviews the course before this dose"),
    "medicines_unchecked": _("The person told of a medicine that nobody has checked"),
}
#: Medicines beside those of eligibility (patients.medicines.Flag).
INTERACTIONS = {
    "sympathomimetic": _("Takes a decongestant or another medicine that raises pressure"),
    "cyp3a4_inhibitor": _("Takes a CYP3A4 inhibitor: raises ketamine by mouth"),
    "cyp2b6_inhibitor": _("Takes a CYP2B6 inhibitor: raises esketamine"),
    "cyp_inducer": _("Takes an enzyme inducer: lowers ketamine"),
    "theophylline": _("Takes theophylline: lower seizure threshold"),
    "lamotrigine": _("Takes lamotrigine: may blunt the effect"),
    "pre_visit_something_new": _("Told before the session: something is new"),
    "pre_visit_pressure": _("Told before the session: pressure over 140/90"),
    "pre_visit_talk_first": _("Told before the session: wants to talk first, or feels very bad"),
    "pre_visit_no_ride": _("Told before the session: no ride home yet"),
    "pre_visit_not_fasting": _("Told before the session: cannot keep to nothing to eat or drink"),
    "pre_visit_medicines": _("Told before the session: takes medicines otherwise than told"),
    "take_home_more_used": _("Medicine at home: more used than planned. Talk about it, without blame"),
    "take_home_lost": _("Medicine at home: some was lost. Talk about it, without blame"),
    "take_home_early_refill": _("Medicine at home: a new supply earlier than planned. Talk about it"),
    "home_not_allowed": _("This clinic holds no sessions at home"),
    "home_nobody_there": _("No named adult has said yes to being there"),
    "home_no_video": _("Video contact is not confirmed"),
    "bladder_check_overdue": _("Urinalysis is overdue"),
    "liver_check_overdue": _("ALT and AST are overdue"),
    "cognition_check_overdue": _("The check of memory and reaction is overdue"),
    "pregnancy_check_overdue": _("The pregnancy test is overdue"),
    "bladder_check_due": _("Urinalysis is due"),
    "liver_check_due": _("ALT and AST are due"),
    "cognition_check_due": _("The check of memory and reaction is due"),
    "pregnancy_check_due": _("The pregnancy test is due"),
    "liver_enzymes_over_3x": _("ALT or AST over 3 times the upper limit: stop and repeat"),
    "pregnancy_test_positive": _("Pregnancy test positive"),
}
DOSE = {
    "weight_missing_or_implausible": _("Weight missing, under 30 or over 250 kg"),
    "age_under_18": _("Under 18"),
    "age_not_recorded": _("Age not recorded"),
    "invalid_dose": _("Dose missing, or not more than 0"),
    "infusion_too_fast": _("Infusion under 15 minutes, or its length is missing"),
    "infusion_faster_than_40min": _("Infusion faster than 40 minutes"),
    "mg_per_kg_over_hard": _("Over the hard limit in mg/kg"),
    "mg_per_kg_over_usual": _("Over the usual mg/kg"),
    "mg_per_kg_under_usual": _("Under the usual mg/kg"),
    "dose_over_hard": _("Over the hard limit in mg"),
    "dose_over_usual": _("Over the usual dose in mg"),
    "under_25mg": _("Under 25 mg"),
    "rate_over_hard": _("Rate over the hard limit"),
    "rate_over_usual": _("Rate over the usual"),
    "bolus_over_hard": _("Bolus over the hard limit"),
    "bolus_over_usual": _("Bolus over the usual"),
    "invalid_bolus": _("Bolus is not a dose"),
    "duration_missing": _("Length of the infusion is missing"),
    "not_a_label_dose": _("Esketamine is 28, 56 or 84 mg"),
    "28mg_off_label_needs_reason": _("28 mg is off label here"),
    "above_label_starting_dose": _("Above the starting dose of the label"),
    "bmi_30_consider_ideal_weight": _("BMI 30 or more: consider ideal weight"),
    "home_use_fda_2023_warning": _("Home use: FDA warning of October 2023"),
    "over_protocol_limit": _("Over the limit of this course's own protocol"),
}
LEAVING = {
    "under_2h_since_last_device": _("2 hours after the last device"),
    "under_60min_since_end": _("60 minutes after the end of the dose"),
    "no_bp_at_40min": _("Blood pressure about 40 minutes after the last device"),
    "no_bp_at_end": _("Blood pressure now"),
    "bp_not_settled": _("Blood pressure settled"),
    "sedated": _("Awake, MOAA/S 5"),
    "dissociation": _("Dissociation resolved, CADSS-6 back to before"),
    "spo2": _("Oxygen saturation 94 % or more"),
    "no_escort": _("Somebody who takes them home, by name"),
    "recovery_score_under_9": _("Aldrete score 9 or more"),
    "effect_not_resolved": _("A moderate or worse side effect is over"),
    "no_recovery_check": _("Recovery confirmed by whoever is there"),
}
#: Side effects offered with one tap; the first are the most frequent (clinical.md 2.9). The record holds the English term.
EFFECTS = {
    "Dissociation": _("Dissociation"),
    "Nausea": _("Nausea"),
    "Dizziness": _("Dizzy"),
    "Anxiety": _("Anxious"),
    "Headache": _("Headache"),
    "Vomiting": _("Vomiting"),
    "Vision blurred": _("Blurred sight"),
    "Somnolence": _("Sleepy"),
    "Panic attack": _("Panic"),
    "Agitation": _("Agitated"),
    "Hallucination": _("Hallucination"),
    "Chest pain": _("Chest pain"),
    "Respiratory depression": _("Breathing too little"),
    "Loss of consciousness": _("Not conscious"),
    "Suicidal ideation": _("Thoughts of suicide"),
}
GRADES = {
    1: _("mild"),
    2: _("moderate"),
    3: _("severe"),
    4: _("life-threatening"),
    5: _("death"),
}
MOAAS = {
    5: _("answers readily"),
    4: _("answers slowly"),
    3: _("only when called loudly"),
    2: _("only when prodded"),
    1: _("only to pain"),
    0: _("not at all"),
}
COURSES = {
    "iv-depression": _("Ketamine IV, depression: 6 in 2 to 3 weeks"),
    "im-depression": _("Ketamine IM, depression: 6 in 2 to 3 weeks"),
    "esketamine-trd": _("Esketamine, treatment-resistant depression: label schedule"),
    "esketamine-mdd-si": _("Esketamine, depression with suicidal thoughts: label schedule"),
    "oral": _("Ketamine by mouth, depression"),
    "maintenance-iv": _("Ketamine IV, maintenance"),
    "pain": _("Ketamine IV, pain"),
}
#: Why a course was held or stopped.
STOP_REASONS = {
    "response-kept": _("the response holds"),
    "no-response": _("no response"),
    "side-effects": _("side effects"),
    "contraindication": _("a contraindication"),
    "misuse": _("misuse"),
    "own-wish": _("the person's wish"),
    "cost": _("cost, insurance"),
    "moved": _("moved, other clinic"),
    "lost": _("no contact any more"),
    "other": _("something else"),
}
#: What stands against a planned day.
PLANNING = {
    "too_soon": _("Closer to the dose before than the course allows"),
    "too_late": _("Further from the dose before than the course allows"),
    "over_planned": _("More doses than the course has"),
    "past": _("In the past"),
    "closed_day": _("The clinic does not treat that day"),
    "outside_hours": _("Outside the hours of treatment"),
    "chairs_full": _("Every chair is taken"),
    "prescriber_away": _("The prescriber is away"),
    "staff_short": _("Too few people who give doses are there"),
    "person_busy": _("The person has a visit then"),
}
_ALL = {**DOSE, **ELIGIBILITY, **GATE, **LEAVING, **INTERACTIONS, **PLANNING}


def word(code: str) -> str:
    """What the code means; the code itself where there is no word."""
    return str(_ALL.get(code, code))


def listed(codes: Iterable[str]) -> str:
    """Several, as one sentence part."""
    return gettext("; ").join(word(code) for code in codes)
