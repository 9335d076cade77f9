"""The month of real charging sessions as a document for wallbox-plan --simulate, behind a three-phase tree of a given size.

Every station of the recording is a wallbox; they are spread over three circuits and wired rotated. Vehicles have no phase data: as in
wallbox-site 40 % charge on one phase with 32 A, 20 % on two and 40 % on three with 16 A, drawn from a seed.
"""

import csv
import pathlib
import random

DATA = pathlib.Path(__file__).resolve().parents[1] / "site" / "data" / "caltech_201903_sessions.csv"
SIZES_KW = [5, 10, 20, 40, 80, 150]
VOLTAGE_V = 230
PERIOD_MS = 300000
ASSIGNMENTS = ["L1-L2-L3", "L2-L3-L1", "L3-L1-L2"]
CIRCUIT_N = 3


def vehicle(rng):
    draw = rng.randrange(100)
    if draw < 40:
        return 1, 32000
    return (2, 16000) if draw < 60 else (3, 16000)


def document(size_kw, announced=True, seed=1):
    rng = random.Random(seed)
    rows = list(csv.DictReader(DATA.open()))
    stations = sorted({row["station_id"] for row in rows})
    root_ma = int(size_kw * 1000 * 1000 / 3 / VOLTAGE_V)
    circuit_ma = max(root_ma // 2, min(root_ma, 32000))
    nodes = [{"id": "grid", "limit_ma": [root_ma] * 3}]
    nodes += [{"id": f"circuit{i + 1}", "parent": "grid", "limit_ma": [circuit_ma] * 3} for i in range(CIRCUIT_N)]
    boxes = [{"id": name, "node": f"circuit{i % CIRCUIT_N + 1}", "phases": ASSIGNMENTS[i // CIRCUIT_N % 3], "max_ma": 32000} for i, name in enumerate(stations)]
    arrivals = []
    for row in rows:
        phases, max_ma = vehicle(rng)
        arrivals.append({"wallbox": row["station_id"], "arrival_ms": int(row["arrival_period_5min"]) * PERIOD_MS,
                         "departure_ms": int(row["departure_period_5min"]) * PERIOD_MS, "needed_wh": round(float(row["requested_kwh"]) * 1000),
                         "phases": phases, "max_ma": max_ma, "announced": announced})
    arrivals = [a for a in arrivals if a["departure_ms"] > a["arrival_ms"] and a["needed_wh"] > 0]
    arrivals.sort(key=lambda a: (a["arrival_ms"], a["departure_ms"]))
    return {"nodes": nodes, "wallboxes": boxes, "plan": {"voltage_mv": VOLTAGE_V * 1000}, "simulation": {"step_ms": 60000, "arrivals": free_one_first(arrivals)}}


def free_one_first(arrivals):
    """A station that is still taken when the next one arrives (the recording overlaps by a period at times) lets him in when it is free."""
    free_ms = {}
    kept = []
    for a in arrivals:
        begin_ms = max(a["arrival_ms"], free_ms.get(a["wallbox"], 0))
        if begin_ms < a["departure_ms"]:
            kept.append({**a, "arrival_ms": begin_ms})
            free_ms[a["wallbox"]] = a["departure_ms"]
    kept.sort(key=lambda a: (a["arrival_ms"], a["departure_ms"]))
    return kept
