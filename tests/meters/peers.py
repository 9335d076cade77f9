"""Independent Modbus servers: pymodbus over TCP and over a line of two pseudo-terminals whose bytes take their time.

One thread runs all of them. What pymodbus does by itself (frames, functions, exceptions) is left to it.
"""

import asyncio
import os
import select
import socket
import threading
import time
import tty

from pymodbus.datastore import ModbusServerContext, ModbusSlaveContext
from pymodbus.datastore.store import BaseModbusDataBlock
from pymodbus.server.async_io import ModbusSerialServer, ModbusTcpServer
from pymodbus.transaction import ModbusRtuFramer

RTU_BYTE_BITS = 10


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Block(BaseModbusDataBlock):
    """Registers of an image; outside of them, and for more than `most` at a time, there is exception 2."""

    def __init__(self, registers, most=125):
        self.values = registers
        self.most = most
        self.address = 0
        self.default_value = 0

    def validate(self, address, count=1):
        return count <= self.most and all(address + i in self.values for i in range(count))

    def getValues(self, address, count=1):  # noqa: N802
        return [self.values[address + i] for i in range(count)]

    def setValues(self, address, values):  # noqa: N802
        raise NotImplementedError


def context_of(units):
    """units: number -> (function, registers, most)."""
    slaves = {}
    for number, (function, registers, most) in units.items():
        block, nothing = Block(registers, most), Block({})
        slaves[number] = ModbusSlaveContext(hr=block if function == 3 else nothing, ir=block if function == 4 else nothing, zero_mode=True)
    return ModbusServerContext(slaves=slaves, single=False)


class Line:
    """Two pseudo-terminals, each byte on the way from one to the other for as long as `baud` makes it."""

    def __init__(self, baud):
        self.byte_s = RTU_BYTE_BITS / baud
        self.masters = []
        self.slaves = []
        for _ in range(2):
            master, slave = os.openpty()
            tty.setraw(slave)
            self.masters.append(master)
            self.slaves.append(slave)
        self.paths = [os.ttyname(slave) for slave in self.slaves]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            readable, _, _ = select.select(self.masters, [], [])
            for master in readable:
                data = os.read(master, 4096)
                time.sleep(len(data) * self.byte_s)
                os.write(self.masters[1 - self.masters.index(master)], data)


class Peers:
    """Lives as long as the process: a server of pymodbus that is dropped spins in its clean-up for ever."""

    def __init__(self):
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.lines = []

    def do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(10)

    def tcp(self, units, manipulator=None, answers_strangers=False):
        """Serve on a free port of 127.0.0.1. Gives back the port."""
        async def start():
            server = ModbusTcpServer(context_of(units), address=("127.0.0.1", 0), ignore_missing_slaves=not answers_strangers,
                                     response_manipulator=manipulator)
            asyncio.ensure_future(server.serve_forever())
            await server.serving
            return server.server.sockets[0].getsockname()[1]

        return self.do(start())

    def rtu(self, units, baud=9600, manipulator=None):
        """Serve on a line. Gives back the device for the other side."""
        line = Line(baud)
        self.lines.append(line)

        async def start():
            server = ModbusSerialServer(context_of(units), framer=ModbusRtuFramer, port=line.paths[1], baudrate=baud, timeout=0.05,
                                        ignore_missing_slaves=True, response_manipulator=manipulator)
            await server.start()
            asyncio.ensure_future(server.serve_forever())

        self.do(start())
        return line.paths[0]
