"""Every verb of visits and treatment. Others import from here: `from apps.sessions.actions import book_visit`."""

from apps.sessions.actions.agreements import (
    answer_screening,
    publish_consent,
    sign_consent,
    tell_wishes,
    withdraw_consent,
)
from apps.sessions.actions.booking import (
    ask_for_visit,
    book_visit,
    cancel,
    change,
    conflicts,
    may_still_cancel,
    take_over,
)
from apps.sessions.actions.call import admit, finish, here, hold_by_phone, join, leave, report
from apps.sessions.actions.calm import add_exercise, add_track, note_heard, withdraw_calm
from apps.sessions.actions.cognition import keep_cognition
from apps.sessions.actions.countersign import may_confirm, set_pin
from apps.sessions.actions.courses import (
    Asked,
    check_before_dose,
    correct_site,
    end_course,
    open_session,
    override_gate,
    set_enrolment,
    start_course,
)
from apps.sessions.actions.doses import Order, end_dose, give_device, give_dose, move_dose, review_dose, void_dose
from apps.sessions.actions.driver import (
    MadeLink,
    make_driver_link,
    revoke_driver_link,
    say_own_morning,
    use_driver_link,
)
from apps.sessions.actions.events import Noted, Tap, note_events
from apps.sessions.actions.guests import (
    admit_guest,
    agree_to_guest,
    ask_in,
    guest_is_here,
    invite_guest,
    join_as_guest,
    leave_as_guest,
    remove_guest,
)
from apps.sessions.actions.home import answer_look_in, confirm_video, open_home_session, read_at_home, start_home_video
from apps.sessions.actions.home_readings import take_home_readings
from apps.sessions.actions.hours import add_different_time, add_hours, end_hours, withdraw_different_time
from apps.sessions.actions.labs import Lab, plan_checks, record_lab, void_lab
from apps.sessions.actions.leaving import discharge, end_without_dose, leave_against_advice, leaving
from apps.sessions.actions.notes import correct_note, save_note, sign_note
from apps.sessions.actions.orders import order_form
from apps.sessions.actions.planning import change_phase, conflicts_of, move_planned, plan_course, review_course
from apps.sessions.actions.pre_visit import check_before_visit
from apps.sessions.actions.protocols import draft_protocol, publish_protocol, retire_protocol
from apps.sessions.actions.rating import rate
from apps.sessions.actions.reports import Happened, note_submission, report_adverse_event
from apps.sessions.actions.self_booking import book_own, move_own
from apps.sessions.actions.showing import answer_together, hand_in_together, show
from apps.sessions.actions.stock import (
    NewLot,
    Signed,
    add_lot,
    correct_entry,
    count_stock,
    enter_stock,
    explain_difference,
)
from apps.sessions.actions.waiting import CHECKS, arrive, ask_for_phone, note_device_check, say_delay, wait
from apps.sessions.refusal import TreatmentRefused, VisitRefused
from apps.sessions.treatment.calm import Pace

__all__ = [
    "CHECKS",
    "Asked",
    "Happened",
    "Lab",
    "MadeLink",
    "NewLot",
    "Noted",
    "Order",
    "Pace",
    "Signed",
    "Tap",
    "TreatmentRefused",
    "VisitRefused",
    "add_different_time",
    "add_exercise",
    "add_hours",
    "add_lot",
    "add_track",
    "admit",
    "admit_guest",
    "agree_to_guest",
    "answer_look_in",
    "answer_screening",
    "answer_together",
    "arrive",
    "ask_for_phone",
    "ask_for_visit",
    "ask_in",
    "book_own",
    "book_visit",
    "cancel",
    "change",
    "change_phase",
    "check_before_dose",
    "check_before_visit",
    "confirm_video",
    "conflicts",
    "conflicts_of",
    "correct_entry",
    "correct_note",
    "correct_site",
    "count_stock",
    "discharge",
    "draft_protocol",
    "end_course",
    "end_dose",
    "end_hours",
    "end_without_dose",
    "enter_stock",
    "explain_difference",
    "finish",
    "give_device",
    "give_dose",
    "guest_is_here",
    "hand_in_together",
    "here",
    "hold_by_phone",
    "invite_guest",
    "join",
    "join_as_guest",
    "keep_cognition",
    "leave",
    "leave_against_advice",
    "leave_as_guest",
    "leaving",
    "make_driver_link",
    "may_confirm",
    "may_still_cancel",
    "move_dose",
    "move_own",
    "move_planned",
    "note_device_check",
    "note_events",
    "note_heard",
    "note_submission",
    "open_home_session",
    "open_session",
    "order_form",
    "override_gate",
    "plan_checks",
    "plan_course",
    "publish_consent",
    "publish_protocol",
    "rate",
    "read_at_home",
    "record_lab",
    "remove_guest",
    "report",
    "report_adverse_event",
    "retire_protocol",
    "review_course",
    "review_dose",
    "revoke_driver_link",
    "save_note",
    "say_delay",
    "say_own_morning",
    "set_enrolment",
    "set_pin",
    "show",
    "sign_consent",
    "sign_note",
    "start_course",
    "start_home_video",
    "take_home_readings",
    "take_over",
    "tell_wishes",
    "use_driver_link",
    "void_dose",
    "void_lab",
    "wait",
    "withdraw_calm",
    "withdraw_consent",
    "withdraw_different_time",
]
