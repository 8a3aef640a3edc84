"""Every page of Telek: each app's own, and those composed of several apps here."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from telek.views import demo, devices, drills, health, twilio
from telek.views.alert_page import alert_page
from telek.views.chart import chart
from telek.views.desk import alert_panel, alerts, desk, palette
from telek.views.home import home
from telek.views.own_problems import problems
from telek.views.page_accept import page_accept
from telek.views.payer_pack import payer_pack_pdf
from telek.views.quality import quality, remote_report
from telek.views.receipts import receipt
from telek.views.rules import rule, rule_change, rule_new, rules
from telek.views.second_person import decide, ladder_switch, second_person
from telek.views.timeline import timeline
from telek.views.visit_page import desk_visit
from telek.views.visit_shown import shown

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("", home, name="patient-home"),
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("health/alerts", health.alerts, name="health-alerts"),
    path("provider/receipts", receipt, name="provider-receipts"),
    path("provider/twilio/status/<uuid:key>/", twilio.status, name="twilio-status"),
    path("provider/twilio/key/<uuid:key>/", twilio.key_press, name="twilio-key"),
    path("provider/twilio/text/", twilio.text_in, name="twilio-text"),
    path("p/<str:token>/", page_accept, name="page-accept"),
    path("push/<str:token>/", devices.seen, name="push-seen"),
    path("account/devices/", devices.device_list, name="devices"),
    path("account/devices/add/", devices.add, name="device-add"),
    path("account/devices/<uuid:pk>/test/", devices.test, name="device-test"),
    path("account/devices/<uuid:pk>/remove/", devices.remove, name="device-remove"),
    path("accounts/", include("allauth.urls")),
    path("admin/", admin.site.urls),
    path("api/v1/", include("telek.api_urls")),
    path("demo/", demo.choose_persona, name="demo"),
    path("demo/sign-in/<slug:persona>/", demo.sign_in, name="demo-sign-in"),
    path("demo/outbox/", demo.outbox, name="demo-outbox"),
    path("desk/", desk, name="desk"),
    path("desk/go/", palette, name="palette"),
    path("desk/drills/", drills.drill_list, name="drills"),
    path("desk/drills/<uuid:pk>/", drills.drill_show, name="drill"),
    path("desk/alerts/", alerts, name="alerts"),
    path("desk/alerts/<uuid:pk>/", alert_page, name="alert"),
    path("desk/alerts/<uuid:pk>/panel/", alert_panel, name="alert-panel"),
    path("desk/patients/<uuid:pk>/", chart, name="chart"),
    path("desk/patients/<uuid:pk>/payer-summary.pdf", payer_pack_pdf, name="payer-pack"),
    path("desk/quality/", quality, name="alert-quality"),
    path("desk/remote-monitoring/", remote_report, name="remote-report"),
    path("desk/rules/", rules, name="rules"),
    path("desk/rules/new/", rule_new, name="rule-new"),
    path("desk/rules/<uuid:pk>/", rule, name="rule"),
    path("desk/rules/<uuid:pk>/change/", rule_change, name="rule-change"),
    path("desk/second-person/", second_person, name="second-person"),
    path("desk/second-person/<uuid:pk>/decide/", decide, name="second-person-decide"),
    path("desk/ladders/<uuid:pk>/switch/", ladder_switch, name="ladder-switch"),
    path("desk/patients/<uuid:pk>/timeline/", timeline, name="timeline"),
    path("desk/visits/<uuid:pk>/", desk_visit, name="desk-visit"),
    path("problems/", problems, name="problems"),
    path("visits/<uuid:pk>/shown/", shown, name="visit-shown"),
    path("", include("apps.accounts.urls")),
    path("", include("apps.patients.urls")),
    path("", include("apps.alerts.urls")),
    path("", include("apps.monitoring.urls")),
    path("", include("apps.messaging.urls")),
    path("", include("apps.sessions.urls")),
    path("", include("apps.therapy.urls")),
    path("", include("apps.outcomes.urls")),
]
