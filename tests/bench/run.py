#!/usr/bin/env python3
"""Figures of speed and of the use of the connection (spec 11), one table each. Machines are noisy: compare ratios, nothing here fails.

    tests/bench/run.py [allocation | month | storage | web]
"""

import json
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import month  # noqa: E402
import web  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = ROOT / "build" / "bin"
OPTIMUM = json.loads(pathlib.Path(__file__).with_name("optimum.json").read_text())


def answer(program, *arguments):
    return json.loads(subprocess.run([BIN / program, *map(str, arguments)], check=True, capture_output=True, text=True).stdout)


def allocation():
    """Time of one allocation on a contested site of three levels: goals 20 us at 16, 1 ms at 1,000, 12 ms at 10,000."""
    print("wallboxes   median     per wallbox   against 100")
    rows = {n: answer("wallbox-plan", "--bench", n) for n in (16, 100, 1000, 10000)}
    for n, row in rows.items():
        ratio = row["ns_per_wallbox"] / rows[100]["ns_per_wallbox"]
        print(f"{n:9d} {row['median_ns'] / 1000:8.1f} us {row['ns_per_wallbox']:10.0f} ns {ratio:10.2f} x")


def use_of_the_connection():
    """Energy delivered in a month of real sessions, in permille of what one who knows the future could deliver (optimum.py).

    `laxity` knows departures, is not fair and is no rival: the distance to it is what fairness and the spec's order cost.
    """
    names = ["manager", "first_come", "equal", "round_robin", "laxity"]
    print("     kW  optimum   " + " ".join(f"{name:>12}" for name in [*names, "unannounced"]))
    for key in sorted(OPTIMUM, key=int):
        row, blind = (policies(int(key), announced) for announced in (True, False))
        best_wh = OPTIMUM[key]["optimum_wh"]
        shares = [round(1000 * row[name + "_wh"] / best_wh) for name in names] + [round(1000 * blind["manager_wh"] / best_wh)]
        print(f"{int(key):7d} {OPTIMUM[key]['share_permille']:8d}   " + " ".join(f"{share:12d}" for share in shares))


def policies(size_kw, announced):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(month.document(size_kw, announced), file)
        file.flush()
        return answer("bench-month", file.name)


def storage():
    """Ten years of 100 wallboxes with two sessions a day each, in one file: goal for the sessions of a month is 100 ms.

    Steady charging with 100 wallboxes is one transaction a minute, which tests/unit/manager/shell/trail.c counts.
    """
    with tempfile.TemporaryDirectory() as folder:
        row = answer("bench-history", folder)
    print(f"{row['days']} days, {row['file_mb']} MB")
    print(f"a month, {row['month_sessions'] - 1} sessions as a table: {row['month_us'] / 1000:.1f} ms")
    print(f"a month of one card, {row['card_sessions'] - 1} sessions: {row['card_us'] / 1000:.1f} ms")
    print(f"a power curve of 200 days in quarter hours: {row['curve_us'] / 1000:.1f} ms")


def dashboard():
    """The dashboard: size of the bundle, first paint, long tasks, 200 listeners on one manager."""
    web.web()


TABLES = {"allocation": allocation, "month": use_of_the_connection, "storage": storage, "web": dashboard}


def main(words):
    if words in (["-h"], ["--help"]):
        print(__doc__.strip())
        return 0
    wanted = words or list(TABLES)
    if any(word not in TABLES for word in wanted):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    for word in wanted:
        print(f"\n{TABLES[word].__doc__.strip()}\n")
        TABLES[word]()
    print(f"\n{len(wanted)} passed, 0 failed, 0 skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
