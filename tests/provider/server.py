"""A provider of text messages, as a process of its own: `python -m tests.provider.server FOLDER`.

It takes one JSON a message at any address, Twilio's forms at /2010-04-01/, and a push service's sealed bytes at /push/. It writes its port to FOLDER/port and every message that it accepts to FOLDER/received.jsonl, forced to disk before
it answers. FOLDER/mode says how it behaves, and may be changed at any time:
  ok                accept
  500, 429, 422     refuse
  hang              never answer
  drop              accept, then close the line without an answer
  slow:0.5          accept after that many seconds
  garbage           accept, and answer with something that is not HTTP
  text              accept, and answer with something that is not JSON
  odd               accept, and answer with an id that no database takes
A mode for one channel or one address alone stands in its own line: "sms=hang", "+15550100=422".
"""

import base64
import hashlib
import json
import os
import sys
import threading
import time
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path()
writing = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    """One message a POST."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for an acknowledgement

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sent = read(self.path, body)
        mode = mode_for(sent)
        if mode.isdigit():
            self._answer(int(mode), b'{"code": 21610}')
        elif mode == "hang":
            time.sleep(30)
            self.close_connection = True
        else:
            self._accept(sent, mode)

    def _accept(self, sent: dict[str, Any], mode: str) -> None:
        if mode.startswith("slow:"):
            time.sleep(float(mode.removeprefix("slow:")))
        key = sent.get("key") or str(self.headers["Idempotency-Key"])
        number = record(sent, key, str(self.headers["Authorization"]))
        if mode == "drop":
            self.close_connection = True
        elif mode == "garbage":
            self.wfile.write(b"\x00\xff not http at all\r\n\r\n")
            self.close_connection = True
        elif mode == "text":
            self._answer(200, b"thank you")
        elif mode == "odd":
            self._answer(200, b'{"id": "a\\u0000b\\ud800c"}')
        else:
            self._answer(201, json.dumps({"id": number, "sid": number}).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """The file is the record."""


def read(path: str, body: bytes) -> dict[str, Any]:
    """What arrived, by the names of the JSON kind."""
    if path.startswith("/2010-04-01/"):
        return form(path, body.decode())
    if path.startswith("/push/"):
        return {"to": path, "channel": "push", "body": base64.b64encode(body).decode(), "key": "push"}
    return json.loads(body)  # type: ignore[no-any-return]


def form(path: str, body: str) -> dict[str, Any]:
    """A request in Twilio's shape, as the other kind names things; the key is the end of its StatusCallback."""
    given = {name: values[0] for name, values in urllib.parse.parse_qs(body).items()}
    call = path.endswith("/Calls.json")
    return {
        "to": given["To"],
        "channel": "voice" if call else "sms",
        "body": given["Twiml"] if call else given["Body"],
        "key": given["StatusCallback"].rstrip("/").rpartition("/")[2],
    }


def mode_for(sent: dict[str, Any]) -> str:
    modes = {"": "ok"}
    for line in (folder / "mode").read_text().splitlines():
        name, _, mode = line.rpartition("=")
        modes[name] = mode
    return modes.get(sent["to"]) or modes.get(sent["channel"]) or modes[""]


def record(sent: dict[str, Any], key: str, token: str) -> str:
    """Append one line and force it to disk; its number."""
    line = {
        "at": time.time(),
        "key": key,
        "to": sent["to"],
        "channel": sent["channel"],
        "body": hashlib.sha256(sent["body"].encode()).hexdigest(),
        "text": sent["body"],
        "token": token,
    }
    with writing, (folder / "received.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return f"m-{key[-8:]}"


class Server(ThreadingHTTPServer):
    """Senders are killed in mid-request: that is no news."""

    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A line that broke; what was accepted is in the file."""


if __name__ == "__main__":
    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    (folder / "port.partial").write_text(str(server.server_address[1]))
    (folder / "port.partial").rename(folder / "port")
    server.serve_forever()
