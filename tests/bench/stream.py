#!/usr/bin/env python3
"""Many dashboards on one manager: N clients listen to GET stream while a site of M wallboxes moves.

    tests/bench/stream.py [--clients N] [--wallboxes M] [--seconds S] [--https]

Prints how many events each client got, how late they were between each other, what the manager used, and how late its control loop woke up at
worst: the figure of GET /health, for the time with listeners and without. Nothing here fails on a figure; exit 1 only when a client was lost
or one more than the cap was let in. WALLBOX_BIN says which programs are measured.
"""

import argparse
import http.client
import json
import os
import pathlib
import selectors
import socket
import ssl
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "live"))
import rig  # noqa: E402

CAP = 250


class Listener:
    """One connection that reads whatever comes and counts events."""

    def __init__(self, port, context):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        if context:
            self.socket = context.wrap_socket(self.socket)
        self.socket.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.socket.setblocking(False)
        self.bytes = 0
        self.events = 0
        self.status = None
        self.heard = []
        self._rest = b""

    def read(self):
        """False: the connection is over."""
        while True:
            try:
                block = self.socket.recv(262144)
            except (BlockingIOError, ssl.SSLWantReadError):
                return True
            except OSError:
                return False
            if not block:
                return False
            self.bytes += len(block)
            if self.status is None:
                self.status = int(block.split(b" ", 2)[1])
            found = (self._rest + block).count(b"event: wallboxes")
            self._rest = block[-15:]
            if found:
                self.events += found
                self.heard.append(time.monotonic())


def health(port):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    link.request("GET", "/health")
    answer = json.loads(link.getresponse().read())
    link.close()
    return answer["loop_late_ms"]


def usage(pid):
    """CPU seconds and private kB."""
    words = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    private = sum(int(line.split()[1]) for line in pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines() if line.startswith("Private_"))
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), private


def listen(listeners, seconds, port, late):
    """Read from all for so long; ask for the lateness of the loop each second."""
    with selectors.DefaultSelector() as selector:
        for one in listeners:
            selector.register(one.socket, selectors.EVENT_READ, one)
        lost = 0
        until = time.monotonic() + seconds
        asked = 0.0
        while time.monotonic() < until:
            for key, _ in selector.select(0.1):
                if not key.data.read():
                    selector.unregister(key.fileobj)
                    lost += 1
            if time.monotonic() - asked >= 1:
                asked = time.monotonic()
                late.append(health(port))
        return lost


def one_more(port):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    link.request("GET", "/api/v1/stream")
    status = link.getresponse().status
    link.close()
    return status




def measure(options):
    document = rig.one_node(400, [(f"W{i:03d}", "L1-L2-L3") for i in range(options.wallboxes)])
    site = rig.Rig(document, record=False)
    https_port = rig.free_port()
    site.start_site()
    site.import_site()
    site.start_manager(*(["--https", f"127.0.0.1:{https_port}"] if options.https else []))
    context = None
    if options.https:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    for i in range(options.live):
        site.start_client(f"W{i:03d}", self_test_ms=0)
    quiet = []
    listen([], 12, site.http_port, quiet)
    listeners = [Listener(https_port if options.https else site.http_port, context) for _ in range(options.clients)]
    before = usage(site.manager.process.pid)
    late = []
    listen(listeners, 12, site.http_port, [])  # what was before is no longer in the figure
    lost = listen(listeners, options.seconds, site.http_port, late)
    after = usage(site.manager.process.pid)
    extra = [Listener(site.http_port, None) for _ in range(CAP - options.clients)]
    listen(extra, 1, site.http_port, [])
    refused = one_more(site.http_port)
    events = sorted(one.events for one in listeners)
    took_s = options.seconds + 12
    print(f"listeners {options.clients} ({'HTTPS' if options.https else 'HTTP'}), wallboxes {options.wallboxes} ({options.live} online), {options.seconds} s")
    print(f"events each: {events[0]} to {events[-1]} in {took_s} s; lost {lost}; bytes each {sum(one.bytes for one in listeners) // len(listeners)}")
    print(f"control loop at worst late: {max(quiet)} ms without listeners, {max(late)} ms with (goal under 25 ms)")
    print(f"manager: {(after[0] - before[0]) / took_s * 100:.1f} % of a core, {before[1]} -> {after[1]} kB private")
    print(f"listener {CAP + 1}: {refused}")
    for one in listeners + extra:
        one.socket.close()
    site.stop_all()
    return 0 if lost == 0 and refused == 503 and events[0] > 0 else 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--wallboxes", type=int, default=200)
    parser.add_argument("--live", type=int, default=4, help="how many of them have a running client")
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--https", action="store_true")
    return measure(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
