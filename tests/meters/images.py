"""Register images written from the facts, and what a reader must make of them.

Nothing here knows how the manager reads: quantities are encoded by type, scale and order of registers of facts.py, and what was really written
(after rounding to what a register can hold) is kept as exact fractions to compare with.
"""

import math
import struct
from fractions import Fraction

import facts

PHASES = ("L1", "L2", "L3")
SUNSPEC_AT = 40069  # of the meter model behind a common model of length 65 at 40000
EXPORT_FROM_W = 10  # the manager gives a current no direction below this
LIMITS = {"uint16": (0, 0xFFFE), "int16": (-0x7FFF, 0x7FFF), "uint32": (0, 0xFFFFFFFE), "int32": (-0x7FFFFFFF, 0x7FFFFFFE), "acc32": (1, 0xFFFFFFFE),
          "uint64": (0, 10**15), "int64": (-(10**15), 10**15)}
WORDS = {"uint16": 1, "int16": 1, "uint32": 2, "int32": 2, "acc32": 2, "float32": 2, "uint64": 4, "int64": 4, "float64": 4}
EXPONENTS = {"voltage": -1, "current": -2, "power": 0, "frequency": -2, "factor": -1, "import": 0, "export": 0}


def facts_of(model):
    """Facts of a model, those that it shares with another filled in."""
    own = facts.MODELS[model]
    return {**facts.MODELS[own["as"]], "transports": own["transports"]} if "as" in own else own


def is_sunspec(model):
    return facts.MODELS[model].get("as", model) == "sunspec_203"


def words_of(kind, raw, order):
    """Registers of a raw value."""
    if kind == "float32":
        bits = struct.unpack(">I", struct.pack(">f", raw))[0]
    elif kind == "float64":
        bits = struct.unpack(">Q", struct.pack(">d", raw))[0]
    else:
        bits = raw & ((1 << (16 * WORDS[kind])) - 1)
    words = [(bits >> (16 * i)) & 0xFFFF for i in reversed(range(WORDS[kind]))]
    return words if order == "high" else words[::-1]


class Image:
    """Registers of one meter and the values that stand in them."""

    def __init__(self, model, exponents=None, at=SUNSPEC_AT, swap_words=False):
        self.model = model
        self.facts = facts_of(model)
        self.base = at if is_sunspec(model) else 0
        self.exponents = {**EXPONENTS, **(exponents or {})}
        self.registers = {}
        self.written = {}  # (quantity, phase) -> Fraction in V, A, W, Wh, Hz
        self.order = self.facts["words"]
        if swap_words:
            self.order = "low" if self.order == "high" else "high"
        for first, count in self.facts["areas"]:
            for i in range(count):
                self.registers[self.base + first + i] = 0
        if is_sunspec(model):
            self.sunspec_chain()

    def sunspec_chain(self, meter_id=203, length=105, before=((1, 65),)):
        """Mark, the models before the meter's, the meter's head, the end. Whoever changes the place of the mark sets self.base before."""
        at = self.base - 2 - sum(2 + n for _, n in before)
        self.put(at, [0x5375, 0x6E53])
        at += 2
        for number, n in before:
            self.put(at, [number, n] + [0] * n)
            at += 2 + n
        self.put(at, [meter_id, length])
        self.put(at + 2 + length, [0xFFFF, 0])

    def put(self, address, words):
        for i, word in enumerate(words):
            self.registers[address + i] = word

    def points(self, quantity, phase=None):
        return [p for p in self.facts["points"] if p[0] == quantity and (phase is None or p[1] == phase)]

    def put_raw(self, quantity, phase, raw):
        """Write a raw value, a sentinel for instance, over that of a quantity."""
        for _, _, address, kind, _, _ in self.points(quantity, phase):
            self.put(self.base + address, words_of(kind, raw, self.order))
            self.written.pop((quantity, phase), None)

    def put_point(self, point, value):
        quantity, phase, address, kind, scale, exponent_at = point
        step = Fraction(str(scale))
        if exponent_at is not None:
            exponent = self.exponents[quantity]
            step *= Fraction(10) ** exponent
            self.put(self.base + exponent_at, [exponent & 0xFFFF])
        if kind in ("float32", "float64"):
            raw = float(value / step)
            real = struct.unpack(">f", struct.pack(">f", raw))[0] if kind == "float32" else raw
        else:
            low, high = LIMITS[kind]
            raw = real = min(max(round(value / step), low), high)
        self.put(self.base + address, words_of(kind, raw, self.order))
        return Fraction(real) * step

    def write(self, values, signed_currents=False):
        """Write all that the meter has. values: (quantity, phase) -> Fraction; power is signed."""
        for point in self.facts["points"]:
            quantity, phase = point[0], point[1]
            value = values.get(("power", phase) if quantity.startswith("power_") else (quantity, phase))
            if value is None:
                continue
            if quantity == "power_plus":
                value = max(value, Fraction(0))
            elif quantity == "power_minus":
                value = max(-value, Fraction(0))
            elif quantity == "current" and not (signed_currents and point[3].startswith("int")):
                value = abs(value)
            written = self.put_split(point, value)
            if point is self.points(quantity, phase)[0]:  # another point of the same is a copy
                self.written[(quantity, phase)] = written
        return self

    def put_split(self, point, value):
        """A counter may be split into kWh and the Wh beyond them: two points of one quantity, the second 1/1000 of the first."""
        both = self.points(point[0], point[1])
        if len(both) == 2 and both[0][4] == 1000 * both[1][4] and both[0][3] == both[1][3]:
            whole = value // both[0][4] * both[0][4]
            return self.put_point(both[0], whole) + self.put_point(both[1], value - whole)
        return self.put_point(point, value)

    # What must be read.

    def power(self, phase):
        plus, minus = self.written.get(("power_plus", phase)), self.written.get(("power_minus", phase))
        return self.written.get(("power", phase), plus - minus if plus is not None else None)

    def expected(self):
        """The sample as `--test-meter` prints it, as fractions in its units; None where the meter has none."""
        power = {phase: self.power(phase) for phase in (*PHASES, "total")}
        has_phase_power = any(power[phase] is not None for phase in PHASES)
        if power["total"] is None and has_phase_power:
            power["total"] = sum(power[phase] or 0 for phase in PHASES)
        current = {}
        for phase in PHASES:
            magnitude = self.written.get(("current", phase))
            direction = power[phase] if power[phase] is not None else power["total"]
            current[phase] = None if magnitude is None else abs(magnitude) * (-1 if math.ceil(direction) <= -EXPORT_FROM_W else 1)
        if not has_phase_power and power["total"] is not None:
            power["L1"] = power["total"]  # a meter of one phase
        milli = {"current_ma": [current[p] for p in PHASES], "voltage_mv": [self.written.get(("voltage", p)) for p in PHASES]}
        expected = {key: [None if v is None else v * 1000 for v in values] for key, values in milli.items()}
        expected["power_w"] = [power[p] for p in PHASES]
        expected["power_total_w"] = power["total"]
        expected["energy_import_wh"] = self.written.get(("import", "total"))
        expected["energy_export_wh"] = self.written.get(("export", "total"))
        frequency = self.written.get(("frequency", "total"))
        expected["frequency_mhz"] = None if frequency is None else frequency * 1000
        return expected


def flow(currents, voltages=(230.1, 229.8, 231.4), frequency=50.01, import_wh=12345678, export_wh=234567):
    """Values of a meter in which these currents flow at unity power factor, A, negative: export."""
    values = {("frequency", "total"): Fraction(str(frequency)), ("import", "total"): Fraction(import_wh), ("export", "total"): Fraction(export_wh)}
    total = Fraction(0)
    for phase, ampere, volt in zip(PHASES, currents, voltages):
        watt = Fraction(str(ampere)) * Fraction(str(volt))
        total += watt
        values.update({("current", phase): Fraction(str(ampere)), ("voltage", phase): Fraction(str(volt)), ("power", phase): watt,
                       ("factor", phase): Fraction(-1 if watt < 0 else 1)})
    values[("power", "total")] = total
    values[("factor", "total")] = Fraction(-1 if total < 0 else 1)
    return values


def one_phase(values):
    """The same for a meter of one phase: its totals are those of L1."""
    return {**{key: value for key, value in values.items() if key[1] not in ("L2", "L3")}, ("power", "total"): values[("power", "L1")]}
