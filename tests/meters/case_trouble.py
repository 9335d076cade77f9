"""Servers that misbehave: what the connection test says, and that it says so in time (SR-187, SR-190)."""

import json
import pathlib
import socket
import tempfile
import threading
import time

import reader
from case_models import IMPORT_A, serve
from images import Image, flow
from peers import free_port
from reader import expect, expect_refused

TCP_WAIT_S = 0.5
LATE_S = 2.0   # on a serial line an answer is waited for so long
START_S = 1.0  # of the program, with sanitizers, on a busy machine
MODEL = "eastron_sdm630"


def good_image():
    return Image(MODEL).write(flow(IMPORT_A))


def address(port, unit=1):
    return f"tcp:127.0.0.1:{port}:{unit}"


class Raw:
    """A server on a socket of its own that does with each request what `behave` does."""

    def __init__(self, behave):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.behave = behave
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            try:
                while (request := connection.recv(260)) and self.behave(connection, request) is not False:
                    pass
            except OSError:
                pass


def answer_to(request, registers=None, unit=None):
    """A good answer of zeroes."""
    count = int.from_bytes(request[10:12], "big") if registers is None else registers
    body = bytes([request[6] if unit is None else unit, request[7], 2 * count]) + bytes(2 * count)
    return request[:4] + len(body).to_bytes(2, "big") + body


def dead_meter(peers):
    port = Raw(lambda connection, request: True).port
    expect_refused(reader.test_meter(MODEL, address(port)), "no complete answer in time", within_s=2 * TCP_WAIT_S + START_S)
    port = free_port()
    expect_refused(reader.test_meter(MODEL, address(port)), "cannot connect to 127.0.0.1", "Connection refused", within_s=START_S)


def trickling_meter(peers):
    def trickle(connection, request):
        for byte in answer_to(request):
            connection.sendall(bytes([byte]))
            time.sleep(0.3)

    expect_refused(reader.test_meter(MODEL, address(Raw(trickle).port)), "no complete answer in time", within_s=2 * TCP_WAIT_S + START_S)


def meter_that_closes(peers):
    expect_refused(reader.test_meter(MODEL, address(Raw(lambda connection, request: False).port)), "closed by the other side", within_s=START_S)


def answer_that_is_cut_off(peers):
    def cut(connection, request):
        connection.sendall(answer_to(request)[:20])
        return False

    expect_refused(reader.test_meter(MODEL, address(Raw(cut).port)), "closed by the other side", within_s=START_S)


def manipulated(peers, change, *words):
    image = good_image()

    def manipulator(response):
        change(response)
        return response, False

    port = peers.tcp({1: (4, image.registers, 125)}, manipulator=manipulator)
    expect_refused(reader.test_meter(MODEL, address(port)), *words, within_s=TCP_WAIT_S + START_S)


def other_unit_answers(peers):
    manipulated(peers, lambda response: setattr(response, "unit_id", 7), "does not fit the question")


def other_function_answers(peers):
    manipulated(peers, lambda response: setattr(response, "function_code", 3), "does not fit the question")


def other_transaction_answers(peers):
    manipulated(peers, lambda response: setattr(response, "transaction_id", response.transaction_id + 1), "does not fit the question")


def too_many_and_too_few_registers(peers):
    manipulated(peers, lambda response: response.registers.append(0), "does not fit the question")
    manipulated(peers, lambda response: response.registers.pop(), "does not fit the question")


def every_exception_has_a_sentence(peers):
    words = {1: "function not supported", 2: "no such registers", 3: "does not give so many", 4: "a failure of its own", 5: "busy", 6: "busy", 8: "refuses",
             10: "finds no meter", 11: "finds no meter"}
    for code, sentence in words.items():
        def refuse(connection, request, code=code):
            connection.sendall(request[:4] + bytes([0, 3, request[6], request[7] | 0x80, code]))

        expect_refused(reader.test_meter(MODEL, address(Raw(refuse).port)), sentence, within_s=START_S)


def wrong_unit_is_found(peers):
    """The usual numbers are tried: behind a gateway (SR-191), and where others are not answered."""
    image = good_image()
    for answers_strangers in (False, True):
        port = peers.tcp({1: (4, image.registers, 125)}, answers_strangers=answers_strangers)
        expect_refused(reader.test_meter(MODEL, address(port, 9)), "but unit 1 answers: try that number", within_s=3 * TCP_WAIT_S + START_S)


def wrong_function_of_the_model(peers):
    """A meter that has its registers under function 3 only."""
    port = peers.tcp({1: (3, good_image().registers, 125)})
    expect_refused(reader.test_meter(MODEL, address(port)), "no such registers (exception 2)", within_s=START_S)


def registers_that_are_all_zero(peers):
    image = Image(MODEL)
    expect_refused(reader.test_meter(MODEL, address(serve(peers, image))), "it shows no voltage", within_s=START_S)


def what_is_no_modbus(peers):
    def greet(connection, _):
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        return False

    answer = reader.test_meter(MODEL, address(Raw(greet).port))
    expect(answer.code == 1 and answer.error, f"exit {answer.code}: {answer.error}")
    expect(answer.took_s <= 2 * TCP_WAIT_S + START_S, f"it took {answer.took_s:.1f} s")


def serial_line_of_another_speed_or_unit(peers):
    device = peers.rtu({1: (4, good_image().registers, 125)})
    expect_refused(reader.test_meter(MODEL, f"rtu:{device}:9600:N:2"), "but unit 1 answers", within_s=LATE_S + 0.5 + START_S)
    expect_refused(reader.test_meter(MODEL, "rtu:/dev/no-such-line:9600:N:1"), "cannot open /dev/no-such-line", within_s=START_S)


def line_that_is_too_slow_is_refused(_):
    """Five meters take 1,130 ms on one line at 9600 baud, more than a third of meter_stale_ms."""
    nodes = [{"id": f"n{i}", "parent": "grid", "limit_ma": [32000] * 3, "base_load_worst_ma": 10000} for i in range(5)]
    document = {"nodes": [{"id": "grid", "limit_ma": [63000] * 3}, *nodes], "wallboxes": [], "timezone": "UTC",
                "meters": [{"id": f"m{i}", "model": MODEL, "node": f"n{i}", "role": "house", "address": f"rtu:/dev/ttyS0:9600:N:{i + 1}"} for i in range(5)]}
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "site.json"
        path.write_text(json.dumps(document))
        answer = reader.manager("--data", folder, "--import", path)
        expect_refused(answer, "every 1130 ms (sum of its line)", "a third of meter_stale_ms is allowed, 1000 ms", code=2)
        document["meters"].pop()
        path.write_text(json.dumps(document))
        answer = reader.manager("--data", folder, "--import", path)
        expect(answer.code == 0, f"four fit: exit {answer.code}: {answer.error}")


def what_cannot_be_is_wrong_usage(peers):
    for model, place, words in ((MODEL, "tcp:127.0.0.1:502", "the unit must be"), ("nothing", "tcp:127.0.0.1:502:1", "no such meter model"),
                                ("tq_em300_lr", "rtu:/dev/ttyS0:9600:N:1", "no serial line"), (MODEL, "rtu:/dev/ttyS0:9601:N:1", "baud rate"),
                                (MODEL, "127.0.0.1", "tcp:HOST:PORT:UNIT")):
        expect_refused(reader.test_meter(model, place), words, code=2, within_s=START_S)


CASES = [line_that_is_too_slow_is_refused, dead_meter, trickling_meter, meter_that_closes, answer_that_is_cut_off, other_unit_answers, other_function_answers, other_transaction_answers,
         too_many_and_too_few_registers, every_exception_has_a_sentence, wrong_unit_is_found, wrong_function_of_the_model, registers_that_are_all_zero,
         what_is_no_modbus, serial_line_of_another_speed_or_unit, what_cannot_be_is_wrong_usage]
