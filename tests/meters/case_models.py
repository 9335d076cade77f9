"""Every model through pymodbus: values in SI units, both directions, zero, the largest, word order, what is not available; by address and
port (SR-184, SR-185, SR-186, SR-189)."""

from fractions import Fraction

import reader
from images import WORDS, Image, facts_of, flow, is_sunspec, one_phase
from reader import expect

IMPORT_A = (12.34, 5.67, 0.89)
EXPORT_A = (12.34, -25.67, -0.91)
LARGE_A = (799.9, -650.2, 500.1)
LARGE_EXPONENTS = {"current": 0, "power": 2, "import": 0, "export": 0}
NAN = float("nan")
INFINITY = float("inf")
ONE_PHASE = ("abb_b21", "inepro_pro2")
CURRENTLESS = "abb_m4m"
FLOATS = ("float32", "float64")


def values_of(model, *arguments, **more):
    values = flow(*arguments, **more)
    return one_phase(values) if model in ONE_PHASE else values


def serve(peers, image, most=125, unit=1):
    return peers.tcp({unit: (image.facts["function"], image.registers, most)})


def read(peers, image, model=None, **more):
    return reader.test_meter(model or image.model, f"tcp:127.0.0.1:{serve(peers, image, **more)}:{more.get('unit', 1)}")


def check(peers, image, what="", **more):
    reader.compare(reader.sample_of(read(peers, image, **more)), image.expected(), what)


def import_and_export(peers, model):
    check(peers, Image(model).write(values_of(model, IMPORT_A)), "import: ")
    check(peers, Image(model).write(values_of(model, EXPORT_A, frequency=49.98)), "export: ")
    check(peers, Image(model).write(values_of(model, (-12.34, -5.67, -0.89))), "all export: ")
    check(peers, Image(model).write(values_of(model, EXPORT_A), signed_currents=True), "signed currents: ")


def zero_and_largest(peers, model):
    image = Image(model).write(values_of(model, (0, 0, 0), import_wh=1, export_wh=1))
    check(peers, image, "zero: ")
    image = Image(model, exponents=LARGE_EXPONENTS)
    image.write(values_of(model, LARGE_A, voltages=(240.3, 499.9, 400.2), frequency=60.01, import_wh=2 * 10**9 + 7, export_wh=10**9 + 3))
    check(peers, image, "large: ")
    counters = {p[3] for p in image.points("import", "total")}
    if counters & {"uint64", "float64"}:
        image.write({("import", "total"): Fraction(10**12 + 70), ("export", "total"): Fraction(2 * 10**11)})
        check(peers, image, "beyond 32 bits: ")


def over_a_serial_line(peers, model):
    image = Image(model).write(values_of(model, EXPORT_A))
    device = peers.rtu({5: (image.facts["function"], image.registers, 125)}, baud=19200)
    reader.compare(reader.sample_of(reader.test_meter(model, f"rtu:{device}:19200:N:5")), image.expected(), "serial: ")


def other_word_order(peers, model):
    """A meter that sends the other half first is not believed."""
    kinds = {p[3] for p in facts_of(model)["points"] if p[0] == "current"}
    if all(WORDS[kind] == 1 for kind in kinds):
        return
    image = Image(model, swap_words=True).write(values_of(model, IMPORT_A))
    reader.expect_refused(read(peers, image), "answers, but")


def not_available(peers, model):
    """What is no number leaves a gap among voltages and counters and refuses a reading among currents and powers."""
    kind = next((p[3] for p in facts_of(model)["points"] if p[0] == "current"), None)
    if kind in FLOATS:
        bad = [NAN, INFINITY, -INFINITY]
    elif is_sunspec(model) or model == "gossen_em2289":
        bad = [-0x8000]
    elif model.startswith("cg_em24"):
        bad = [0x7FFF0000, 0x7FFF1234]
    elif model in ("abb_b23", "abb_b21"):
        bad = [0xFFFFFFFF]
    else:
        bad = []
    for raw in bad:
        image = Image(model).write(values_of(model, IMPORT_A))
        image.put_raw("voltage", "L1" if model in ONE_PHASE else "L2", raw)
        if model in ONE_PHASE:
            reader.expect_refused(read(peers, image), "shows no voltage")
        else:
            check(peers, image, f"voltage {raw}: ")
        image.write(values_of(model, IMPORT_A))
        image.put_raw("current", "L1", raw)
        reader.expect_refused(read(peers, image), "current in mA of L1 is not a number or not available")


def counters_not_available(peers, model):
    kinds = {"uint64": 0xFFFFFFFFFFFFFFFF if model.startswith("abb_b") else None, "acc32": 0, "float32": NAN, "float64": NAN,
             "int32": 0x7FFF0000 if model.startswith("cg_em24") else None}
    for quantity in ("import", "export"):
        points = [p for p in facts_of(model)["points"] if p[:2] == (quantity, "total")]
        if len(points) != 1 or kinds.get(points[0][3]) is None:
            continue
        image = Image(model).write(values_of(model, IMPORT_A))
        image.put_raw(quantity, "total", kinds[points[0][3]])
        check(peers, image, f"no {quantity}: ")


def impossible(peers, model):
    """2,000 A, 20 V or 600 V are not believed."""
    kind = next((p[3] for p in facts_of(model)["points"] if p[0] == "current"), None)
    exponents = {"current": 1, "power": 2}
    if kind is not None and kind != "int16":
        image = Image(model, exponents=exponents).write(values_of(model, (2000, 1, 1), voltages=(200, 230, 230)))
        reader.expect_refused(read(peers, image), "L1", "outside")
    for volt in (20, 600):
        image = Image(model).write(values_of(model, (1, 1, 1), voltages=(volt, 230, 230)))
        words = "shows a mains voltage in none" if model == "janitza_ecsem114mid" else "voltage in mV of L1"
        reader.expect_refused(read(peers, image), words)


def in_small_pieces(peers, model):
    """A meter that gives few registers at a time is asked in pieces."""
    image = Image(model).write(values_of(model, EXPORT_A))
    check(peers, image, "six at a time: ", most=6)


def cases(models):
    checks = (import_and_export, zero_and_largest, over_a_serial_line, other_word_order, not_available, counters_not_available, impossible, in_small_pieces)
    for model in models:
        for one in checks:
            if one is over_a_serial_line and "rtu" not in facts_of(model)["transports"]:
                continue
            yield f"{model}: {one.__name__}", lambda peers, one=one, model=model: one(peers, model)


def the_list_names_every_model(_, models):
    answer = reader.manager("--meters")
    rows = {line.split()[0]: line.split() for line in answer.out.splitlines()}
    expect(answer.code == 0 and set(rows) == set(models), f"listed are {sorted(rows)}")
    for model, words in rows.items():
        transports = facts_of(model)["transports"].replace("rtu+tcp", "tcp+rtu").replace("+", ",")
        expect(transports in words, f"{model} is listed with {words}, it has {transports}")
        expect(any(word in ("high", "medium", "low") for word in words), f"{model} has no confidence: {words}")
    for model in ("abb_m4m", "janitza_ecsem114mid"):
        expect("unverified" in rows[model], f"{model} is not labelled: {rows[model]}")
