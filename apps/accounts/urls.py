"""Pages of this app."""

from django.urls import URLPattern, path

from apps.accounts import language, logos, views

urlpatterns: list[URLPattern] = [
    path("invitation/<str:token>/", views.accept_invitation, name="invitation"),
    path("choose-clinic/", views.choose_clinic, name="choose-clinic"),
    path("unlock/", views.unlock, name="unlock"),
    path("session/", views.session_state, name="session-state"),
    path("account/", views.account, name="account"),
    path("account/sign-out-everywhere/", views.sign_out_everywhere, name="sign-out-everywhere"),
    path("account/tokens/", views.create_token, name="account-token-create"),
    path("account/tokens/<uuid:pk>/revoke/", views.revoke_token, name="account-token-revoke"),
    path("language/", language.choose_language, name="language"),
    path("brand/<str:digits>.css", views.brand_stylesheet, name="brand"),
    path("brand/<uuid:clinic>/<slug:digest>.png", logos.logo_picture, name="clinic-logo"),
    path("break-glass/", views.break_glass, name="break-glass"),
]
