"""Where registers stand is found out: SunSpec discovery, brands that answer one of two maps, addresses moved by one, meters turned round."""

import struct
from fractions import Fraction

import reader
from case_models import EXPORT_A, IMPORT_A, check, read
from images import Image, flow
from reader import expect


def sunspec_image(base, before=((1, 65),), meter_id=203, currents=EXPORT_A):
    image = Image("sunspec_203")
    image.registers = {}
    image.base = base + 2 + sum(2 + n for _, n in before)
    for i in range(107):
        image.registers[image.base + i] = 0
    image.sunspec_chain(meter_id, 105, before)
    return image.write(flow(currents))


def sunspec_at_any_base_and_behind_any_model(peers):
    for base in (40000, 0, 50000):
        check(peers, sunspec_image(base), f"base {base}: ")
    check(peers, sunspec_image(40000, before=((1, 66), (103, 50), (120, 26), (160, 48))), "behind an inverter: ")
    check(peers, sunspec_image(40000, meter_id=204), "triangle: ")


def sunspec_of_one_phase(peers):
    image = sunspec_image(40000, meter_id=201, currents=(7.5, 0, 0))
    for quantity in ("current", "voltage", "power"):
        for phase in ("L2", "L3"):
            image.put_raw(quantity, phase, -0x8000)
    check(peers, image, "one phase: ")


def sunspec_of_floats(peers):
    """Model 213: float32 without scale factors (sunspec/models: json/model_213.json)."""
    image = sunspec_image(40000, meter_id=213)
    at = image.base
    image.put(at + 1, [124])
    image.put(at + 2, [0] * 124 + [0xFFFF, 0])
    places = {("current", "L1"): 4, ("current", "L2"): 6, ("current", "L3"): 8, ("voltage", "L1"): 12, ("voltage", "L2"): 14, ("voltage", "L3"): 16,
              ("frequency", "total"): 26, ("power", "total"): 28, ("power", "L1"): 30, ("power", "L2"): 32, ("power", "L3"): 34, ("export", "total"): 60,
              ("import", "total"): 68}
    image.written = {}
    for key, value in flow(EXPORT_A).items():
        if key in places:
            real = float(abs(value) if key[0] == "current" else value)
            image.put(at + places[key], list(struct.unpack(">HH", struct.pack(">f", real))))
            image.written[key] = Fraction(struct.unpack(">f", struct.pack(">f", real))[0])
    check(peers, image, "floats: ")


def sunspec_without_a_meter(peers):
    image = sunspec_image(40000, before=((1, 65), (103, 50)))
    image.put(image.base, [0xFFFF, 0])
    reader.expect_refused(read(peers, image), "has no meter in its SunSpec list", "unit of the inverter")
    reader.expect_refused(read(peers, Image("abb_b23"), "sunspec_203"), "has no SunSpec mark")


def sunspec_chain_that_never_ends(peers):
    image = sunspec_image(40000)
    image.registers.update({40002 + i: 2 for i in range(400)})  # model 2 of length 2 for ever
    reader.expect_refused(read(peers, image), "no meter", within_s=8)


def with_text(image, text):
    image.put(0x8960, list(struct.unpack(f">{len(text) // 2}H", text.encode())))
    return image


def brand_answers_either_map(peers):
    check(peers, with_text(Image("abb_b23").write(flow(EXPORT_A)), "B23 "), "text: ")
    check(peers, with_text(Image("abb_b23").write(flow(EXPORT_A)), "B24 "), "other text: ")
    check(peers, Image("abb_b23").write(flow(EXPORT_A)), "neither text nor floats: ")
    check(peers, Image("janitza_b_float").write(flow(EXPORT_A)), "floats: ", model="abb_b23")
    both = with_text(Image("abb_b23").write(flow(EXPORT_A)), "B23 ")
    both.registers.update(Image("janitza_b_float").write(flow(IMPORT_A)).registers)
    check(peers, both, "both, the first counts: ")


def ecs_family_answers_either_map_or_is_left_alone(peers):
    check(peers, Image("janitza_b_float").write(flow(EXPORT_A)), "floats at 19000: ", model="janitza_ecsem114mid")
    check(peers, Image("janitza_ecsem114mid").write(flow(EXPORT_A)), "floats at 4267: ")
    image = Image("janitza_ecsem114mid").write(flow(EXPORT_A))
    image.put(4267, [0, 23010])  # whole numbers instead
    reader.expect_refused(read(peers, image), "its number format is unknown")


def shifted_by_one(peers):
    image = Image("siemens_7kt1665").write(flow(EXPORT_A))
    image.registers = {address + 1: word for address, word in image.registers.items()}
    reader.expect_refused(read(peers, image), "choose siemens_7kt1665.plus1")
    check(peers, image, "moved up: ", model="siemens_7kt1665.plus1")
    image.registers = {address - 2: word for address, word in image.registers.items()}
    check(peers, image, "moved down: ", model="siemens_7kt1665.minus1")
    reader.expect_refused(read(peers, image, "siemens_7kt1665.plus1"), "choose siemens_7kt1665.minus1")
    reader.expect_refused(read(peers, image, "eastron_sdm630.plus1"), "contradict", code=2)


def turned_round(peers):
    image = Image("eastron_sdm630").write(flow(EXPORT_A))
    answer = read(peers, image, "eastron_sdm630.invert")
    expected = image.expected()
    turned = {**expected, "current_ma": [-v for v in expected["current_ma"]], "power_w": [-v for v in expected["power_w"]],
              "power_total_w": -expected["power_total_w"], "energy_import_wh": expected["energy_export_wh"],
              "energy_export_wh": expected["energy_import_wh"]}
    reader.compare(reader.sample_of(answer), turned, "inverted: ")
    expect(".invert" in read(peers, image).error, "export is not remarked")


def gossen_by_factor_exponent_and_byte(peers):
    image = Image("gossen_em2289", exponents={"import": 1, "export": 1}).write(flow(EXPORT_A))
    check(peers, image, "exponent: ")
    image = Image("gossen_em2289", exponents={"import": 1, "export": 1}).write(flow(EXPORT_A))
    image.put(308, [0, 4])  # the primary factor counts instead of the exponent
    for quantity in ("import", "export"):
        image.written[(quantity, "total")] *= Fraction(4, 10)
    check(peers, image, "factor: ")
    image = Image("gossen_em2289").write(flow(EXPORT_A))
    for address in (12, 108, 212):  # on the serial line an exponent is a byte
        image.put(address, [image.registers[address] & 0xFF])
    device = peers.rtu({1: (4, image.registers, 125)})
    reader.compare(reader.sample_of(reader.test_meter("gossen_em2289", f"rtu:{device}:9600:N:1")), image.expected(), "bytes: ")


def second_place_of_a_one_phase_meter(peers):
    image = Image("inepro_pro2").write(flow((12.34, 0, 0)))
    image.put(20482, [0, 0])
    image.put(20492, [0, 0])
    image.put(20480, list(struct.unpack(">HH", struct.pack(">f", 230.1))))
    image.put(20490, list(struct.unpack(">HH", struct.pack(">f", 12.34))))
    check(peers, image, "second place: ")


def frequencies_that_sources_disagree_about(peers):
    for model in ("siemens_7kt1665", "cg_em24_e1"):
        image = Image(model).write(flow(IMPORT_A))
        image.put_point(image.points("frequency")[0], Fraction("500.1"))
        image.written[("frequency", "total")] = Fraction("50.01")
        check(peers, image, f"{model} in tenths: ")
    image = Image("siemens_7km2200").write(flow(IMPORT_A))
    image.put_raw("frequency", "total", 12345.0)
    check(peers, image, "doubtful: ")


def import_only_meter(peers):
    """A steel variant of the ABB has no export counter."""
    image = Image("abb_b23").write(flow(IMPORT_A))
    image.put_raw("export", "total", 0xFFFFFFFFFFFFFFFF)
    check(peers, image, "import only: ")


def areas_that_are_refused_leave_gaps(peers):
    """The optional areas of a meter may be missing."""
    image = Image("eastron_sdm630").write(flow(EXPORT_A))
    for address in range(60, 76):
        del image.registers[address]
    for key in (("frequency", "total"), ("import", "total"), ("export", "total")):
        image.written.pop(key)
    check(peers, image, "no second area: ")


CASES = [sunspec_at_any_base_and_behind_any_model, sunspec_of_one_phase, sunspec_of_floats, sunspec_without_a_meter, sunspec_chain_that_never_ends,
         brand_answers_either_map, ecs_family_answers_either_map_or_is_left_alone, shifted_by_one, turned_round, gossen_by_factor_exponent_and_byte,
         second_place_of_a_one_phase_meter, frequencies_that_sources_disagree_about, import_only_meter, areas_that_are_refused_leave_gaps]
