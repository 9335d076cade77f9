#!/usr/bin/env python3
"""Many dashboards on one manager: N clients listen to GET stream while M wallboxes (bench-fleet) report once a second.

    tests/bench/stream.py [--clients N] [--wallboxes M] [--seconds S] [--https]

Prints how many events each client got, what the manager used, and how late its control loop woke up at worst: the figure of GET /health, for the
time with listeners and without. Nothing here fails on a figure; exit 1 only when a client was lost or one more than the cap was let in.
WALLBOX_BIN says which programs are measured.
"""

import argparse
import contextlib
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
sys.path[:0] = [str(HERE), str(HERE.parent / "live")]
import reconnect  # noqa: E402
import rig  # noqa: E402

CAP = 250  # STREAM_CLIENTS_MAX
SETTLE_S = 22  # the figure of GET /health looks back two windows of 10 s


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


def tls():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def measure(site, https_port, clients, wallboxes, seconds):
    """site: with a manager whose wallboxes report; https_port: None for HTTP. False: a listener was lost, or one too many was let in."""
    pid = site.manager.process.pid
    quiet, late = [], []
    listen([], SETTLE_S, site.http_port, quiet)
    listeners = [Listener(https_port or site.http_port, tls() if https_port else None) for _ in range(clients)]
    listen(listeners, SETTLE_S, site.http_port, [])  # what was before is no longer in the figure
    begun = [one.events for one in listeners]
    before = usage(pid)
    lost = listen(listeners, seconds, site.http_port, late)
    after = usage(pid)
    extra = [Listener(site.http_port, None) for _ in range(CAP - clients)]
    listen(extra, 1, site.http_port, [])
    refused = one_more(site.http_port)
    events = sorted(one.events - begin for one, begin in zip(listeners, begun))
    print(f"{clients} listeners by {'HTTPS' if https_port else 'HTTP'}, {wallboxes} wallboxes, {seconds} s: control loop at worst {max(quiet)} ms late without them, "
          f"{max(late)} ms with (goal under 25 ms)")
    print(f"    {events[0]} to {events[-1]} events each, {lost} lost, {sum(one.bytes for one in listeners) // clients // 1000} kB each; listener {CAP + 1}: {refused}")
    print(f"    manager: {(after[0] - before[0]) / seconds * 100:.1f} % of a core, {before[1]} -> {after[1]} kB private", flush=True)
    for one in listeners + extra:
        one.socket.close()
    return lost == 0 and refused == 503 and events[0] > 0


@contextlib.contextmanager
def fleet_site(wallboxes, *more, is_closed=False):
    """A manager with so many wallboxes that report once a second; more: options of its command line."""
    with rig.Rig(reconnect.document(wallboxes), record=False) as site:
        site.import_site()
        site.is_closed = is_closed
        fleet = reconnect.Fleet(site, wallboxes, is_plain=True)
        fleet.pins()
        site.start_manager(*more)
        fleet.start(f"127.0.0.1:{site.link_port}", "plain")
        fleet.wait()
        yield site
        fleet.stop()
        rig.expect(site.manager.stop() == 0, "the manager ended badly")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--wallboxes", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    parser.add_argument("--https", action="store_true")
    options = parser.parse_args()
    https_port = rig.free_port() if options.https else None
    with fleet_site(options.wallboxes, *(["--https", f"127.0.0.1:{https_port}"] if https_port else [])) as site:
        return 0 if measure(site, https_port, options.clients, options.wallboxes, options.seconds) else 1


if __name__ == "__main__":
    sys.exit(main())
