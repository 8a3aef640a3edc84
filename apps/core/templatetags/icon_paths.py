"""Drawings of the icons: name to inner SVG, for DESK with the side of its square box.

PATIENT icons are 24 px strokes, DESK icons are 16 px strokes and the small filled shapes of the workstation.
The strings are constants of this project and hold no input of any user.
"""

from __future__ import annotations

PATIENT: dict[str, str] = {
    "attach": '<path d="m19 11.4-7.4 7.2a4.5 4.5 0 0 1-6.3-6.4l7.6-7.4a3 3 0 0 1 4.2 4.3l-7.5 7.3a1.5 1.5 0 0 1-2.1-2.1l6.8-6.7"/>',
    "back": '<path d="m14.5 6-6 6 6 6"/>',
    "calendar": '<rect x="4" y="5.5" width="16" height="14.5" rx="2.4"/><path d="M4 10h16M8.3 3.5v4m7.4-4v4"/>',
    "camera": '<rect x="3.5" y="6.5" width="11.5" height="11" rx="2.2"/><path d="m15 10.6 5.5-3v8.8l-5.5-3"/>',
    "car": '<path d="M4 16.5v-3.2l2-5a1.8 1.8 0 0 1 1.7-1.2h8.6A1.8 1.8 0 0 1 18 8.3l2 5v3.2zM4.4 13h15.2"/><circle cx="7.5" cy="17.2" r="1.6"/><circle cx="16.5" cy="17.2" r="1.6"/>',
    "chart": '<path d="M4.5 4.5v15h15M8 14.5l3.6-4.8 3 2.4 4.4-6"/>',
    "check": '<path d="M5 12.8 9.6 17.2 19 7.4"/>',
    "checkin": '<circle cx="12" cy="12" r="8.2"/><path d="M8.4 12.3 11 14.8l4.8-5"/>',
    "clock": '<circle cx="12" cy="12" r="8.2"/><path d="M12 7.4V12l3 2"/>',
    "close": '<path d="m6.5 6.5 11 11m0-11-11 11"/>',
    "danger": '<path d="M12 4.4 3.8 19h16.4zM12 10v4"/><circle cx="12" cy="16.6" r=".5" fill="currentColor"/>',
    "download": '<path d="M12 4.5v10m-4-4 4 4 4-4M5 19.5h14"/>',
    "file": '<path d="M6.5 3.8h7L18 8.3v10.4a1.6 1.6 0 0 1-1.6 1.6H6.5a1.5 1.5 0 0 1-1.5-1.6V5.3a1.5 1.5 0 0 1 1.5-1.5zM13 4v4.7h4.8M8.5 12.5h6M8.5 15.8h6"/>',
    "forward": '<path d="m9.5 6 6 6-6 6"/>',
    "globe": '<circle cx="12" cy="12" r="8.2"/><path d="M3.8 12h16.4M12 3.8c5 5.4 5 11 0 16.4-5-5.4-5-11 0-16.4z"/>',
    "help": '<circle cx="12" cy="12" r="8.3"/><circle cx="12" cy="12" r="3.4"/><path d="m6.2 6.2 3.4 3.4m4.8 4.8 3.4 3.4m0-11.6-3.4 3.4m-4.8 4.8-3.4 3.4"/>',
    "home": '<path d="M4 11.2 12 4.5l8 6.7V19a1.2 1.2 0 0 1-1.2 1.2H14.5V15h-5v5.2H5.2A1.2 1.2 0 0 1 4 19z"/>',
    "journal": '<path d="M5.5 5.2A1.7 1.7 0 0 1 7.2 3.5h11.3v14H7.2a1.7 1.7 0 0 0-1.7 1.7zm0 14a1.5 1.5 0 0 0 1.7 1.4h11.3M9.2 8h5.6M9.2 11.4h3.6"/>',
    "key": '<circle cx="8" cy="14.5" r="4"/><path d="m11 11.6 8-8m-3.4 3.4 2.9 2.9m-5.2-.6 2 2"/>',
    "light": '<circle cx="12" cy="12" r="3.8"/><path d="M12 4v2m0 12v2M4 12h2m12 0h2M6.3 6.3l1.5 1.5m8.4 8.4 1.5 1.5m0-11.4-1.5 1.5m-8.4 8.4-1.5 1.5"/>',
    "lock": '<rect x="5" y="10.5" width="14" height="9.5" rx="2.2"/><path d="M8.2 10.5V8a3.8 3.8 0 0 1 7.6 0v2.5"/>',
    "logout": '<path d="M10 4.5H5.5v15H10M14 8l4 4-4 4M9.5 12H18"/>',
    "medicine": '<rect x="3.2" y="8.4" width="17.6" height="7.2" rx="3.6" transform="rotate(-40 12 12)"/><path d="m9.6 9.2 4.8 5.6"/>',
    "messages": '<path d="M4.5 6.8A2.3 2.3 0 0 1 6.8 4.5h10.4a2.3 2.3 0 0 1 2.3 2.3v7a2.3 2.3 0 0 1-2.3 2.3H11l-4.3 3.6v-3.6A2.3 2.3 0 0 1 4.5 13.8z"/>',
    "mic": '<rect x="9.2" y="3.8" width="5.6" height="10" rx="2.8"/><path d="M5.8 11.2a6.2 6.2 0 0 0 12.4 0M12 17.4v3"/>',
    "minus": '<path d="M6 12h12"/>',
    "more": '<path d="M5 7.5h14M5 12h14M5 16.5h9"/>',
    "music": '<circle cx="7.5" cy="17" r="2.6"/><circle cx="16.8" cy="15.2" r="2.6"/><path d="M10.1 17V6.6l9.3-2v10.6"/>',
    "offline": '<path d="M4 9.5a12 12 0 0 1 4-2.5m3.5-.7A12 12 0 0 1 20 9.5M6.8 12.8a7.8 7.8 0 0 1 3.5-2m4 .2a7.8 7.8 0 0 1 2.9 1.8M9.5 16a3.8 3.8 0 0 1 5 0M5 4l14 16"/>',
    "person": '<circle cx="12" cy="8.2" r="3.7"/><path d="M4.8 19.5c.5-4 3.3-6 7.2-6s6.7 2 7.2 6"/>',
    "phone": '<path d="M6.6 4h2.7l1.5 3.9-1.9 1.5a11.6 11.6 0 0 0 5.6 5.6l1.5-1.9 3.9 1.5v2.7a2 2 0 0 1-2.1 2A14.6 14.6 0 0 1 4.6 6.1 2 2 0 0 1 6.6 4z"/>',
    "plus": '<path d="M6 12h12M12 6v12"/>',
    "quote": '<path d="M9.8 7.2c-2.9.9-4.4 3-4.4 6.1v3.5h4.8v-4.9H7.7M18.4 7.2c-2.9.9-4.4 3-4.4 6.1v3.5h4.8v-4.9h-2.5"/>',
    "safety": '<path d="M12 3.8 5 6.4v5.3c0 4.2 2.9 7.2 7 8.6 4.1-1.4 7-4.4 7-8.6V6.4z"/><path d="m9 12 2.2 2.1L15.2 10"/>',
    "settings": '<path d="M4.5 7.5h8m4 0h3M4.5 16.5h3m4 0h8"/><circle cx="14.5" cy="7.5" r="2"/><circle cx="9.5" cy="16.5" r="2"/>',
    "share": '<circle cx="17" cy="6.5" r="2.5"/><circle cx="7" cy="12" r="2.5"/><circle cx="17" cy="17.5" r="2.5"/><path d="m9.2 10.8 5.6-3.1M9.2 13.2l5.6 3.1"/>',
    "text": '<path d="M4.5 6.8A2.3 2.3 0 0 1 6.8 4.5h10.4a2.3 2.3 0 0 1 2.3 2.3v7a2.3 2.3 0 0 1-2.3 2.3H11l-4.3 3.6v-3.6A2.3 2.3 0 0 1 4.5 13.8zM8.5 9h7M8.5 12h4.5"/>',
    "touch": '<path d="M8.2 12V6.6a1.5 1.5 0 0 1 3 0V11m0-5.6a1.5 1.5 0 0 1 3 0V11m0-4a1.5 1.5 0 0 1 3 0v6.5a6.8 6.8 0 0 1-6.6 6.9c-3.2 0-4.6-1.7-6-4.3l-1.3-2.5a1.5 1.5 0 0 1 2.6-1.5l2.3 3"/>',
}

DESK: dict[str, tuple[int, str]] = {
    "add": (16, '<path d="M8 3v10M3 8h10"/>'),
    "alerts": (16, '<path d="M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM6.5 14h3"/>'),
    "camera": (16, '<path d="M1.5 4h9v8h-9zM10.5 7l4-2v6l-4-2"/>'),
    "captions": (16, '<path d="M1.5 3.5h13v9h-13zM7 6.7a2 2 0 1 0 0 2.6M12 6.7a2 2 0 1 0 0 2.6"/>'),
    "chair": (16, '<path d="M4 2v7h8M4 9l-1 5M12 9v5M5 6h6"/>'),
    "check": (14, '<path d="m2 7.5 3.5 3.5L12 3.5" fill="none" stroke="currentColor" stroke-width="2"/>'),
    "chevron": (12, '<path d="m4 2 4 4-4 4"/>'),
    "clock": (16, '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>'),
    "close": (16, '<path d="m4 4 8 8m0-8-8 8"/>'),
    "cover-extra": (10, '<path d="M5 1v8M1 5h8" stroke-width="1.6"/>'),
    "cover-next": (10, '<circle cx="5" cy="5" r="3.3" stroke-width="1.6"/>'),
    "cover-now": (10, '<circle cx="5" cy="5" r="4" fill="currentColor" stroke="none"/>'),
    "edit": (16, '<path d="M2 14h3l8-8-3-3-8 8z"/>'),
    "file": (16, '<path d="M4 1.5h5l3 3v10H4zM9 1.5v3h3"/>'),
    "guests": (16, '<circle cx="6.5" cy="5" r="2.5"/><path d="M2 14c0-3 2-4.5 4.5-4.5S11 11 11 14M13 5v4M11 7h4"/>'),
    "home": (16, '<path d="M2 8l6-5.5L14 8M4 7v6.5h8V7"/>'),
    "leave": (16, '<path d="M6 2H2v12h4M10 4.5 13.5 8 10 11.5M13 8H6"/>'),
    "live": (
        12,
        '<circle cx="6" cy="6" r="3" fill="currentColor" stroke="none"/><circle cx="6" cy="6" r="5.2" stroke-width="1" opacity=".45"/>',
    ),
    "lock": (16, '<path d="M3.5 7.5h9V14h-9zM5.5 7.5V5a2.5 2.5 0 0 1 5 0v2.5"/>'),
    "mark": (
        20,
        '<rect class="mark-box" width="20" height="20" rx="5" stroke="none"/><path class="mark-line" d="M5 6h10M10 6v9" stroke-width="2.4"/>',
    ),
    "messages": (16, '<path d="M2 3h12v8H7l-3 3v-3H2z"/>'),
    "mic": (16, '<path d="M6 2h4v7H6zM3.5 8a4.5 4.5 0 0 0 9 0M8 12.5V15"/>'),
    "moon": (16, '<path d="M13 9.5A5.5 5.5 0 0 1 6.5 3 5.5 5.5 0 1 0 13 9.5z"/>'),
    "outcomes": (16, '<path d="M2 2v12h12M4.5 10l3-4L10 8l4-5"/>'),
    "patients": (
        16,
        '<circle cx="6" cy="5" r="2.5"/><path d="M1.5 14c0-3 2-4.5 4.5-4.5s4.5 1.5 4.5 4.5M11 3a2.5 2.5 0 0 1 0 4.5M12 10c1.7.5 2.5 2 2.5 4"/>',
    ),
    "phone": (
        16,
        '<path d="M3 2h3l1.5 3.5L6 7c.8 1.7 1.8 2.7 3.5 3.5L11 9l3 1.5V13c0 .6-.5 1-1 1C7 13.7 2.3 9 2 3c0-.5.4-1 1-1z"/>',
    ),
    "place": (16, '<path d="M8 14s5-4.5 5-8A5 5 0 0 0 3 6c0 3.5 5 8 5 8z"/><circle cx="8" cy="6" r="1.7"/>'),
    "rung-done": (
        14,
        '<circle class="fill-muted" cx="7" cy="7" r="5" stroke="none"/><path class="line-surface" d="m4.5 7 2 2L10 5" stroke-width="1.5"/>',
    ),
    "rung-later": (14, '<circle class="line-soft" cx="7" cy="7" r="5" stroke-width="1.5"/>'),
    "rung-next": (14, '<circle class="line-p1" cx="7" cy="7" r="5.5" stroke-width="2.5"/>'),
    "rung-own": (
        14,
        '<circle class="fill-brand" cx="7" cy="7" r="6" stroke="none"/><path class="line-on-brand" d="m4.2 7 2 2L10 5" stroke-width="1.6"/>',
    ),
    "quiet": (16, '<path d="M4 11V7a4 4 0 0 1 8 0v4l1.5 1.5h-11zM6.5 14h3M2.5 2.5l11 11"/>'),
    "safety": (16, '<path d="M8 1.5 13 3.5V8c0 3-2 5-5 6.5C5 13 3 11 3 8V3.5z"/>'),
    "schedule": (16, '<path d="M3 2h10v12H3zM6 5h4M6 8h4M6 11h2"/>'),
    "search": (16, '<circle cx="7" cy="7" r="4.5"/><path d="m10.5 10.5 4 4"/>'),
    "send": (16, '<path d="M2 8 14 2l-4 12-2.5-4.5z"/>'),
    "signal": (
        16,
        '<path d="M0 8h3v4H0zM4.5 5h3v7h-3z" fill="currentColor" stroke="none"/><path d="M9 2h3v10H9zM13.5 0H16v12h-2.5z" fill="currentColor" stroke="none" opacity=".3"/>',
    ),
    "up": (16, '<path d="M8 13V3M4 7l4-4 4 4"/>'),
    "warning": (16, '<path d="M8 2 14.5 13.5h-13zM8 6.5V10M8 11.7v.6"/>'),
    "watch": (
        16,
        '<path d="M1.5 8S4 3.5 8 3.5 14.5 8 14.5 8 12 12.5 8 12.5 1.5 8 1.5 8z"/><circle cx="8" cy="8" r="2"/>',
    ),
    "worklist": (16, '<path d="M2 4h12M2 8h12M2 12h8"/>'),
}

PRIORITY: dict[str, str] = {
    "p1": '<path d="M7 .5 14 13.5H0z" fill="currentColor"/><path class="cut" d="M7 5v4M7 10.6v1.2" stroke-width="1.7"/>',
    "p2": '<path d="M7 .7 13.3 7 7 13.3.7 7z" fill="currentColor"/>',
    "p3": '<circle cx="7" cy="7" r="4.6" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    "ok": '<path d="m2 7.5 3.5 3.5L12 3.5" fill="none" stroke="currentColor" stroke-width="2"/>',
}
