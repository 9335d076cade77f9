"""Strangers on the link port: every wrong frame ends its connection with one logged reason, silence ends it after 5 s, a wallbox that
charges in the same site does not notice, and another one begins to charge meanwhile (spec 05 5.1, 09 9.1 "All input is hostile", 9.2 "a
client that floods")."""

import socket

from rig import ALLOWANCE_MS, expect, wait_for
from steps import box, charge, finish, hardware, new_rig, plug, record_of, start, wait_charging

HELLO_MS = 5000
STRANGERS_N = 200
GROWTH_KB = 4096
HELLO = 1
FALLBACK_ACK = 7


def varint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def message(fields):
    """Protobuf of numbers and bytes by field number."""
    out = b""
    for number, value in fields.items():
        out += varint(number << 3 | (2 if isinstance(value, bytes) else 0))
        out += varint(len(value)) + value if isinstance(value, bytes) else varint(value)
    return out


def frame(body):
    return len(body).to_bytes(4, "big") + body


def hello(serial, **other):
    """Serial, model, wired, max_ma, watchdog, apply_ms, epoch_seen, fallback_ma, rise_after_ms, firmware, major, minor, features, boot id."""
    values = {"serial": serial, "model": 2, "wired": 3, "max_ma": 32000, "watchdog": 1, "apply": 0, "epoch": 0, "fallback": 0, "rise": 0,
              "firmware": b"1", "major": 1, "minor": 0, "features": 0, "boot": 77, **other}
    return frame(message({HELLO: message(dict(enumerate(values.values(), 1)))}))


class Stranger:
    def __init__(self, rig, data=b""):
        self.socket = socket.create_connection(("127.0.0.1", rig.link_port), 10)
        self.name = f"127.0.0.1:{self.socket.getsockname()[1]}"
        if data:
            self.socket.sendall(data)

    def wait_end(self):
        """Read until the manager has closed; gives back what it said before."""
        said = b""
        try:
            while block := self.socket.recv(4096):
                said += block
        except ConnectionResetError:
            pass
        self.socket.close()
        return said


def lines_about(rig, stranger):
    return [line for line in rig.manager.output().splitlines() if f"peer={stranger.name} " in line + " "]


def expect_one_line(rig, stranger, *words):
    lines = wait_for(f"the log about {stranger.name}", lambda: lines_about(rig, stranger))
    expect(len(lines) == 1 and all(word in lines[0] for word in words), f"one line with {words} is expected, not {lines}")


def memory_kb(rig):
    """Resident memory of the manager; None with a sanitizer, which keeps what was freed."""
    process = f"/proc/{rig.manager.process.pid}"
    with open(f"{process}/maps", encoding="ascii", errors="replace") as maps:
        text = maps.read()
        if "asan" in text or "tsan" in text:
            return None
    with open(f"{process}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def refuse_wrong_frames(rig):
    early = frame(message({FALLBACK_ACK: message({1: 1, 2: 6000, 3: 0})}))
    wrong = [(frame(b"\xff" * 20), "malformed"), ((1 << 30).to_bytes(4, "big"), "frame_length"), (bytes(4), "frame_length"),
             ((65537).to_bytes(4, "big") + b"x" * 1000, "frame_length"), (b"GET / HTTP/1.1\r\n\r\n", "frame_length"), (early, "out_of_order"),
             (hello(b"W1", max_ma=-1 & (1 << 64) - 1), "value_outside_range"), (hello(b"nobody"), "unknown_serial"), (hello(b"W1"), "duplicate"),
             (hello(b"W2", major=9), "protocol_major"), (hello(b"W\x002"), "reason=")]
    for data, word in wrong:
        stranger = Stranger(rig, data)
        stranger.wait_end()
        expect_one_line(rig, stranger, word)


def hostile_connections_are_refused_with_a_reason_and_a_charging_wallbox_does_not_notice():
    with new_rig(box("W1", max_ma=16000), box("W2", max_ma=16000)) as rig:  # one does not take current from the other
        start(rig, W1={"rated_ma": 16000}, W2={"rated_ma": 16000})
        charge(rig, "W1")
        before_kb = memory_kb(rig)
        begin_ms = rig.now_ms()
        refuse_wrong_frames(rig)
        opened_ms = rig.now_ms()
        strangers = [Stranger(rig, b"\x00\x00" if number % 2 else b"") for number in range(STRANGERS_N)]
        plug(rig, "W2")
        wait_charging(rig, "W2")
        for stranger in strangers:
            stranger.wait_end()
        took_ms = rig.now_ms() - opened_ms
        expect(took_ms <= HELLO_MS + ALLOWANCE_MS, f"silent connections were closed after {took_ms} ms, {HELLO_MS} ms are allowed")
        for stranger in strangers:
            expect_one_line(rig, stranger, "no_hello")
        expect(rig.get("/health")["status"] == "ok", "the manager is well")
        after_kb = memory_kb(rig)
        if before_kb is not None:
            expect(after_kb - before_kb <= GROWTH_KB, f"the manager grew from {before_kb} to {after_kb} KiB")
        rows = record_of(rig, "W1", begin_ms)
        expect(all(row["contactor"] and row["pilot_ma"] == rows[0]["pilot_ma"] for row in rows), "the charging wallbox noticed the strangers")
        expect(hardware(rig, "W1")["watchdog_firings"] == 0, "the charging wallbox lost its client")
        finish(rig, over_ms=0)


CASES = [hostile_connections_are_refused_with_a_reason_and_a_charging_wallbox_does_not_notice]
