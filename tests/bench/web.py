"""The dashboard: size, first paint, long tasks, and many of them on one manager (spec 11). Nothing here fails on a figure."""

import gzip
import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "live")]
import rig  # noqa: E402
import stream  # noqa: E402

CATALOGUE = re.compile(r"assets/(en|fr|nb|de)-")
START = re.compile(r"index|favicon|uPlot")  # what the start page fetches besides its language
WALLBOXES = LISTENERS = 200
LISTEN_S = 30


def dist():
    """The dashboard that is embedded into the programs that are measured."""
    return rig.BIN.parent / ("release/web/dist" if rig.BIN.parent.name == "build" else "web/dist")


def sizes(folder):
    files = {str(path.relative_to(folder)): len(gzip.compress(path.read_bytes(), 9)) for path in folder.rglob("*") if path.is_file()}
    texts = {name: size for name, size in files.items() if CATALOGUE.match(name)}
    rest = sum(files.values()) - sum(texts.values())
    start = sum(size for name, size in files.items() if START.search(name)) + max(texts.values())
    print(f"bundle, gzip: {start / 1000:.1f} kB for the dashboard with its charts in the longest language (goal 80 kB); "
          f"{(rest + max(texts.values())) / 1000:.1f} kB when every page has been visited; {sum(files.values()) / 1000:.1f} kB embedded with all languages")
    print(f"    a language is a file of {min(texts.values()) / 1000:.1f} to {max(texts.values()) / 1000:.1f} kB and a page one of its own, fetched when they are wanted; the largest: "
          + ", ".join(f"{name.split('/')[-1].rsplit('-', 1)[0]} {size / 1000:.1f}" for name, size in sorted(files.items(), key=lambda one: -one[1])[:8]))


def browse(site, https_port):
    serial = site.manager.output().split(" serial=")[1].split()[0]
    done = subprocess.run(["node", HERE.parent / "browser" / "run.mjs", "--base", f"https://127.0.0.1:{https_port}", "--password", serial, "--dist", dist(), "--figures"],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=300, check=True)
    return json.loads(done.stdout)


def show(figures):
    wire = figures["wire"]
    print(f"fetched until the status page stands: {wire['bytes'] / 1000:.1f} kB in {wire['files_n']} files, {wire['catalogues']} language among them")
    for one in figures["paint"]:
        print(f"processor {one['rate']} x throttled, {WALLBOXES} wallboxes by HTTPS, empty cache: first paint after {one['first_paint_ms']} ms (goal 1,000 ms at 4 x), "
              f"list with values after {one['list_ms']} ms")
    for one in figures["tasks"]:
        print(f"processor {one['rate']} x throttled, 200 wallboxes that change each second: longest task {one['longest_cpu_ms']} ms of processor time, "
              f"{one['over_100_cpu_n']} over 100 ms (goal 0); main thread busy {one['busy_permille'] / 10:.1f} %")
        print(f"    while it scrolls, in real time: longest task {one['longest_ms']} ms, {one['over_100_n']} over 100 ms, {one['frames_n']} frames a second, "
              f"worst gap between frames {one['worst_frame_gap_ms']} ms")


def web():
    sizes(dist())
    https_port = rig.free_port()
    with stream.fleet_site(WALLBOXES, "--https", f"127.0.0.1:{https_port}", is_closed=True) as site:
        show(browse(site, https_port))
    with stream.fleet_site(WALLBOXES, "--https", f"127.0.0.1:{https_port}") as site:
        for port in (None, https_port):
            rig.expect(stream.measure(site, port, LISTENERS, WALLBOXES, LISTEN_S), "a listener was lost, or one too many was let in")
