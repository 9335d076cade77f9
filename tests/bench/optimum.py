#!/usr/bin/env python3
"""What somebody who knows the future could deliver: the month of month.py as linear programs, solved by GLPK (package glpk-utils).

    tests/bench/optimum.py [KW ...]    solves and stores the result in tests/bench/optimum.json

Between two moments at which somebody comes or goes nothing changes, so one variable for each vehicle and such an interval, its energy, is
exact: the optimum delivers a constant power inside each. A vehicle has no minimum current here, which no real one can do: an upper bound.
The month falls apart into stretches between moments at which nobody is there; each is a program of its own.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import month  # noqa: E402

RESULT = pathlib.Path(__file__).with_name("optimum.json")
MS_PER_H = 3600000


def stretches(arrivals):
    """Lists of arrivals that are connected in time."""
    out = []
    end_ms = -1
    for a in arrivals:
        if a["arrival_ms"] >= end_ms:
            out.append([])
        out[-1].append(a)
        end_ms = max(end_ms, a["departure_ms"])
    return out


def phases_of(doc):
    """Wallbox -> (chain of nodes, site phases in order of its terminals)."""
    parent = {n["id"]: n.get("parent") for n in doc["nodes"]}
    out = {}
    for box in doc["wallboxes"]:
        chain = []
        node = box["node"]
        while node is not None:
            chain.append(node)
            node = parent[node]
        out[box["id"]] = (chain, [int(name[1]) - 1 for name in box["phases"].split("-")])
    return out


def program(doc, arrivals):
    """One stretch as text for glpsol --lp."""
    limit_a = {(n["id"], p): n["limit_ma"][p] / 1000 for n in doc["nodes"] for p in range(3)}
    wiring = phases_of(doc)
    moments = sorted({a["arrival_ms"] for a in arrivals} | {a["departure_ms"] for a in arrivals})
    names, bounds, rows, of_vehicle = [], [], {}, {}
    for k, (begin_ms, end_ms) in enumerate(zip(moments, moments[1:])):
        hours = (end_ms - begin_ms) / MS_PER_H
        for i, a in enumerate(arrivals):
            if a["arrival_ms"] > begin_ms or a["departure_ms"] < end_ms:
                continue
            chain, phases = wiring[a["wallbox"]]
            name = f"x{i}_{k}"
            names.append(name)
            of_vehicle.setdefault(i, []).append(name)
            bounds.append(f" 0 <= {name} <= {a['max_ma'] / 1000 * a['phases'] * month.VOLTAGE_V * hours:.6f}")
            for node in chain:
                for phase in phases[:a["phases"]]:
                    rows.setdefault((node, phase, k), []).append(f"{1 / (a['phases'] * month.VOLTAGE_V * hours):.12f} {name}")
    lines = ["Maximize", " energy: " + " + ".join(names), "Subject To"]
    lines += [f" need{i}: {' + '.join(own)} <= {arrivals[i]['needed_wh']}" for i, own in of_vehicle.items()]
    for (node, phase, k), terms in rows.items():
        lines.append(f" {node}_{phase}_{k}: {' + '.join(terms)} <= {limit_a[node, phase]:.6f}")
    return "\n".join([*lines, "Bounds", *bounds, "End"]).replace(" + ", "\n  + ") + "\n"


def solve(text):
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder)
        (path / "p.lp").write_text(text)
        subprocess.run(["glpsol", "--lp", path / "p.lp", "--write", path / "out"], check=True, stdout=subprocess.DEVNULL)
        for line in (path / "out").read_text().splitlines():
            if line.startswith("s bas"):  # s bas ROWS COLUMNS PRIMAL DUAL OBJECTIVE
                words = line.split()
                if words[4:6] != ["f", "f"]:
                    raise SystemExit(f"glpsol found no optimum: {line}")
                return float(words[6])
    raise SystemExit("glpsol wrote no solution")


def main(words):
    stored = json.loads(RESULT.read_text()) if RESULT.is_file() else {}
    for size_kw in [int(w) for w in words] or month.SIZES_KW:
        doc = month.document(size_kw)
        arrivals = doc["simulation"]["arrivals"]
        wanted_wh = sum(a["needed_wh"] for a in arrivals)
        best_wh = sum(solve(program(doc, part)) for part in stretches(arrivals))
        stored[str(size_kw)] = {"wanted_wh": wanted_wh, "optimum_wh": round(best_wh), "share_permille": round(1000 * best_wh / wanted_wh)}
        print(size_kw, stored[str(size_kw)], flush=True)
        RESULT.write_text(json.dumps(stored, indent=1) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
