"""What deploy/demo shows: the live table of 100 x 40 characters, plain lines without a terminal, the summary at the end."""

import os
import sys

PHASES = ("L1", "L2", "L3")
SHORT_S = 60  # vehicles' phases become known after a minute
COLOURS = {"head": "1", "house": "34", "boxes": "32", "booked": "33", "dim": "2", "bad": "31"}
STATES = {"ReadyForCharging": "ready", "Charging": "charging", "RecoverFromError": "fault", "TokenProgrammingMode": "cards",
          "UnrecoverableError": "fault", "ServiceMode": "service"}
REASONS = {"demand_met": "gets all it wants", "wallbox_limit": "at the limit of the wallbox", "settling": "others must go down first",
           "hold": "rests before it starts again", "paused": "paused", "unauthorized": "waits for a card", "asleep": "vehicle is full or asleep",
           "offline": "no connection", "not_commissioned": "not commissioned", "restart": "manager has just started",
           "schedule": "held by the schedule", "solar": "waits for more sun", "imbalance": "phases are too uneven",
           "fallback": "alone, without a manager"}


def amperes(ma):
    return "?" if ma is None else f"{ma / 1000:.1f}"


def energy(wh):
    if wh is None:
        return ""
    return f"{wh / 1000:.1f} kWh" if wh >= 1000 else f"{wh} Wh"


def reason_text(box):
    """Why a wallbox has what it has, in at most 28 characters."""
    reason, place = box["reason"], box["reason_node"] or "site"
    phase = f"{box['reason_phase']} of {place}" if box["reason_phase"] else place
    if box["faults"]:
        return "fault " + " ".join(str(code) for code in box["faults"])
    if box["state"] == "ReadyForCharging" and reason in ("node_full", "demand_met", "wallbox_limit"):
        return "vehicle takes nothing now"
    if reason == "no_demand":
        return "no vehicle" if str(box["pilot"]).startswith("A") else "vehicle wants nothing"
    if reason == "waiting_turn":
        return f"waits for its turn, place {box['turn_place']}"
    if reason == "node_full":
        return f"phase {phase} is full"
    if reason == "below_minimum":
        return f"too little on {phase}"
    if reason == "priority":
        return f"others go first on {phase}"
    if reason == "watts":
        return f"{place} is at its power limit"
    if reason == "meter_fallback":
        return f"house meter lost: {box['target_ma'] / 1000:.0f} A" if box["target_ma"] else "house meter lost: must wait"
    return REASONS.get(reason, reason)


def clock(day_min):
    return f"{day_min // 60 % 24:02}:{day_min % 60:02}"


def sun_of(site, node):
    """What the solar meters of a node measure, mA per phase; None: unknown."""
    meters = [meter for meter in site["meters"] if meter["role"] == "solar" and meter["node"] == node["id"]]
    if any(meter["current_ma"] is None for meter in meters):
        return [None] * 3
    return [sum(max(0, -meter["current_ma"][p]) for meter in meters) for p in range(3)]


def bar(parts, end_ma, limit_ma):
    """Pieces of a bar, one character an ampere: `parts` are (sign, mA, colour), | stands at the limit, a second one where the sun ends it."""
    cells = []
    filled_ma = 0
    for sign, ma, colour in parts:
        filled_ma += max(0, ma)
        cells += [(sign, colour)] * (round(filled_ma / 1000) - len(cells))
    cells = cells[:80] + [(" ", "dim")] * (round(end_ma / 1000) - len(cells))
    cells.insert(min(round(limit_ma / 1000), len(cells)), ("|", "head"))
    return cells + ([("]", "head")] if end_ma > limit_ma else [])


class Screen:
    def __init__(self, address, speed, is_check, plain_each_s):
        self.is_table = not is_check and sys.stdout.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self.has_colour = self.is_table and not os.environ.get("NO_COLOR")
        self.each_s = 1 if self.is_table else plain_each_s
        self.address = address
        self.speed = speed
        print(f"Status of the manager: {address}/api/v1/site and .../wallboxes", flush=True)
        if self.is_table:
            self.write("\x1b[?1049h\x1b[?25l")

    def write(self, text):
        sys.stdout.write(text)
        sys.stdout.flush()

    def close(self):
        if self.is_table:
            self.write("\x1b[?25h\x1b[?1049l")
            self.is_table = False

    def show(self, site, boxes, day_min):
        if not self.is_table:
            print(plain_line(site, boxes, day_min), flush=True)
            return
        try:
            width, height = os.get_terminal_size(sys.stdout.fileno())
        except OSError:
            width, height = 100, 40
        lines = self.head(site, boxes, day_min) + phases(site) + wallboxes(boxes)
        lines = lines[:height]
        self.write("\x1b[H" + "\x1b[K\r\n".join(self.painted(line, width) for line in lines) + "\x1b[K\x1b[J")

    def painted(self, pieces, width):
        """One line out of (text, colour) pieces, cut to the width."""
        out = ""
        for text, colour in pieces:
            text = text[:width]
            width -= len(text)
            out += f"\x1b[{COLOURS[colour]}m{text}\x1b[0m" if self.has_colour and colour in COLOURS else text
        return out

    def head(self, site, boxes, day_min):
        totals = site["totals"]
        faster = f", {self.speed} times faster" if self.speed > 1 else ""
        waiting_n = sum(box["turn_place"] is not None for box in boxes)
        online = f"{totals['online_n']} of {totals['wallboxes_n']} wallboxes online"
        return [[(f"{clock(day_min)}{faster}", "head"),
                 (f"   {online}, {totals['charging_n']} charging with {totals['power_w'] / 1000:.1f} kW, {waiting_n} waiting", "")],
                [(f"{self.address}/api/v1/wallboxes   Ctrl-C ends the demo", "dim")]]


def phases(site):
    lines = [[], [("A per phase    house   sun  boxes  free  limit   ", "head"), ("#", "house"), (" house  ", ""), ("=", "boxes"), (" drawn  ", ""),
                  ("-", "booked"), (" booked  . free | limit ] + sun", "")]]
    for node in site["nodes"]:
        sun = sun_of(site, node)
        for p, phase in enumerate(PHASES):
            limit_ma, drawn_ma, sun_ma = node["limit_ma"][p], node["drawn_ma"][p], sun[p] or 0
            house_ma = max(0, node["base_ma"][p] + sun_ma)
            booked_ma = max(0, node["exposure_ma"][p] - drawn_ma)
            label = [node["id"][:10], "meter lost" if node["is_fallback"] else "", ""][p]
            house, sunshine = amperes(house_ma if node["meter"] == "good" else None), amperes(sun[p])
            if node["meter"] is None:
                house, sunshine = "", ""
            figures = f"{house:>6} {sunshine:>5} {amperes(drawn_ma):>6} {amperes(node['free_ma'][p]):>5} {amperes(limit_ma):>6}   "
            parts = [("#", house_ma, "house"), ("=", drawn_ma, "boxes"), ("-", booked_ma, "booked"), (".", node["free_ma"][p], "dim")]
            lines.append([(f"{label:10} {phase}", "head"), (figures, "")] + bar(parts, limit_ma + sun_ma, limit_ma))
    return lines


def wallboxes(boxes):
    lines = [[], [("    wallbox   phases   state     offer    L1    L2    L3   kW  session  why", "head")]]
    for box in boxes:
        drawn = box["drawn_ma"] or [None] * 3
        power = "?" if box["power_w"] is None else f"{box['power_w'] / 1000:.1f}"
        shown = [amperes(ma) if ma is None or ma > 0 else "-" for ma in drawn]
        session_wh = box["session"]["energy_wh"] if box["session"] else None
        state = STATES.get(box["state"], box["state"].lower())
        colour = "bad" if state in ("fault", "offline") else ("boxes" if state == "charging" else "")
        lines.append([(f"{box['serial'][:3]:3} {box['name'][:9]:9} {box['phases']:8} ", ""), (f"{state[:9]:9}", colour),
                      (f" {amperes(box['offered_ma']):>5} {shown[0]:>5} {shown[1]:>5} {shown[2]:>5} {power:>4} {energy(session_wh):>8}  ", ""),
                      (reason_text(box), "")])
    return lines


def plain_line(site, boxes, day_min):
    totals, root = site["totals"], site["nodes"][0]
    waiting_n = sum(box["turn_place"] is not None for box in boxes)
    metered_ma = root["metered_ma"] or [None] * 3
    loads = ", ".join(f"{phase} {amperes(metered_ma[p])} of {amperes(root['limit_ma'][p])} A" for p, phase in enumerate(PHASES))
    return f"{clock(day_min)} {totals['charging_n']} charging with {totals['power_w'] / 1000:.1f} kW, {waiting_n} waiting; {loads}"


def seconds(ms):
    return f"{ms / 1000:.1f} s"


def summary(verdict, state, sessions, speed):
    """At most 20 lines of at most 100 characters about a run: the judge's figures, the site's state, the manager's sessions."""
    vehicles = [box["vehicle"] for box in state["wallboxes"] if box["vehicle"] is not None]
    stored = [session for session in sessions if session["state"] == "closed"]
    charged_n = sum((session["energy_wh"] or 0) > 0 for session in stored) + sum(vehicle["got_wh"] > 0 for vehicle in vehicles)
    full_n = sum(vehicle["full"] for vehicle in vehicles)
    nodes = [(node["id"], node["phases"]) for node in verdict["nodes"]]
    longest_ms = max(at["longest_over_ms"] for _, phase in nodes for at in phase)
    far_ms = sum(at["far_over_ms"] for _, phase in nodes for at in phase)
    faster = f" ({speed} times faster than real)" if speed > 1 else ""
    lines = ["", f"{seconds(verdict['duration_ms'])} until {clock(state['day_min'])} of the day{faster}: {energy(verdict['energy_wh'])} delivered at "
             f"{len(state['wallboxes'])} wallboxes.",
             f"Sessions: {state['sessions']['came']} vehicles came, {state['sessions']['turned_away']} found no free wallbox; {charged_n} charged,",
             f"{len(stored)} left and are stored by the manager, {len(vehicles)} are still there, {full_n} of them full.",
             "", "node        peak A:   L1     L2     L3   limit   above the limit + 1 %: in all, longest"]
    for name, phase in nodes:
        peaks = " ".join(f"{amperes(at['peak_ma']):>6}" for at in phase)
        limit = "/".join(dict.fromkeys(amperes(at["limit_ma"]) for at in phase))
        over_ms = sum(at["over_ms"] for at in phase)
        lines.append(f"{name[:16]:16} {peaks} {limit:>7}   {seconds(over_ms)}, {seconds(max(at['longest_over_ms'] for at in phase))}")
    word = "kept" if verdict["never_overload"] else "BROKEN"
    lines += ["", f"Never overload: {word}. Longest above a limit + 1 %: {seconds(longest_ms)}, allowed are 8 s.",
              f"  Above 1.45 x a limit because of wallboxes: {seconds(far_ms)}, allowed is nothing."]
    if verdict["scarce_s"] == 0:
        return lines + ["Never waste: kept. Nobody wanted more than he got."]
    used = f"{verdict['used_permille'] / 10:.1f} %"
    word = "kept" if verdict["never_waste"] else ("not kept at this speed" if speed > 1 else "BROKEN")
    word = "too short a time to say" if verdict["scarce_s"] < SHORT_S and not verdict["never_waste"] else word
    lines += [f"Never waste: {word}. For {verdict['scarce_s']} s the vehicles wanted more than there was;",
              f"  {used} of what could be given went to them, at least 90 % must. (Of what somebody could give who",
              f"  knew every vehicle's phases in advance and let contactors click: {verdict['used_of_all_knowing_permille'] / 10:.1f} %.)"]
    if speed > 1:
        lines.append("  (Self-tests, and the minute after which a vehicle's phases are known, do not shrink with the day.)")
    return lines
