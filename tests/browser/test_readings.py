"""Bytes of Bluetooth devices, and the form without one."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.cast import Cast

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PARSE = """async () => {
  const gatt = await import(document.querySelector("script[src*='bluetooth']").src.replace(/bluetooth[^/]*$/, "gatt.js"));
  const view = (...bytes) => new DataView(new Uint8Array(bytes).buffer);
  return {
    whole: gatt.sfloat(view(0x48, 0x00), 0), tenth: gatt.sfloat(view(0x6d, 0xf1), 0), below: gatt.sfloat(view(0xf6, 0xff), 0),
    thousands: gatt.sfloat(view(0x02, 0x30), 0),
    nothing: [0x07ff, 0x0800, 0x07fe, 0x0802, 0x0801].map((raw) => gatt.sfloat(view(raw & 255, raw >> 8), 0)),
    cuff: gatt.bloodPressure(view(0x04, 0x80, 0, 0x50, 0, 0x5d, 0, 0x48, 0)),
    stamped: gatt.bloodPressure(view(0x06, 0x80, 0, 0x50, 0, 0x5d, 0, 0xea, 7, 11, 24, 9, 0, 0, 0x49, 0)),
    kilopascal: gatt.bloodPressure(view(0x01, 0xa5, 0xf0, 0x6b, 0xf0, 0x7c, 0xf0)),
    off: gatt.bloodPressure(view(0x00, 0xff, 0x07, 0xff, 0x07, 0xff, 0x07)),
    belt: gatt.heartRate(view(0x00, 71)), wide: gatt.heartRate(view(0x01, 0x2c, 0x01)), lifted: gatt.heartRate(view(0x04, 71)),
    finger: gatt.pulseOximeter(view(0x00, 0x61, 0x00, 0x48, 0x00)),
  };
}"""


def test_the_bytes_of_the_standard_profiles_are_the_numbers_that_the_device_shows(
    cast: Cast, signed_in: Callable[..., Page]
) -> None:
    page = signed_in(cast.patient_user)
    page.goto("/readings/")
    assert page.evaluate(PARSE) == {
        "whole": 72,
        "tenth": 36.5,
        "below": -1,
        "thousands": 2000,
        "nothing": [None] * 5,
        "cuff": {"systolic": 128, "diastolic": 80, "pulse": 72},
        "stamped": {"systolic": 128, "diastolic": 80, "pulse": 73},
        "kilopascal": {"systolic": 124, "diastolic": 80, "pulse": None},
        "off": {"systolic": None, "diastolic": None, "pulse": None},
        "belt": {"pulse": 71},
        "wide": {"pulse": 300},
        "lifted": {"pulse": None},
        "finger": {"oxygen": 97, "pulse": 72},
    }
    expect(page.get_by_label("Blood pressure, upper number")).to_be_visible()
    assert page.faults == []  # type: ignore[attr-defined]


def test_a_browser_without_bluetooth_says_so_and_the_form_works(cast: Cast, signed_in: Callable[..., Page]) -> None:
    page = signed_in(cast.patient_user, viewport={"width": 360, "height": 640})
    page.add_init_script("Object.defineProperty(navigator, 'bluetooth', { value: undefined })")
    page.goto("/readings/")
    expect(page.get_by_text("This browser cannot read a device")).to_be_visible()
    page.get_by_label("Pulse, beats a minute").fill("71")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("cell", name="71 /min")).to_be_visible()
