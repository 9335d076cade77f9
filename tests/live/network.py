"""A network of its own for the process of a case, in which the packets of single wallboxes are dropped: their clients run under a user each,
by which the kernel tells their connections apart."""

import ctypes
import os
import subprocess

from rig import Skipped, expect

CLONE_NEWNS = 0x00020000
CLONE_NEWNET = 0x40000000
FIRST_USER = 60001
WAYS = {"both": ("original", "reply"), "to_manager": ("original",), "to_wallbox": ("reply",)}


def _run(*words):
    done = subprocess.run(words, capture_output=True, check=False)
    expect(done.returncode == 0, f"{' '.join(words)}: {done.stderr.decode(errors='replace')}")


def unshare(what):
    """The process, and what it starts from now on, is alone with its network (CLONE_NEWNET) or its mounts (CLONE_NEWNS)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(what) != 0:
        raise Skipped(f"needs root: {os.strerror(ctypes.get_errno())}")


class Network:
    """Links of wallboxes: `cut` and `heal`."""

    def __init__(self, serials):
        unshare(CLONE_NEWNET)
        _run("ip", "link", "set", "lo", "up")
        _run("nft", "add table inet chaos; add chain inet chaos out { type filter hook output priority 0; }")
        self.users = {serial: FIRST_USER + i for i, serial in enumerate(serials)}
        for serial, user in self.users.items():
            _run("nft", f"add chain inet chaos {serial}")
            _run("nft", f"add rule inet chaos out meta skuid {user} ct mark set {user}")
            _run("nft", f"add rule inet chaos out ct mark {user} jump {serial}")

    def cut(self, serial, way="both"):
        """way: both, to_manager or to_wallbox. Packets vanish, nobody is told; new connections as well."""
        for direction in WAYS[way]:
            _run("nft", f"add rule inet chaos {serial} ct direction {direction} drop")

    def reset(self, serial):
        """The connection ends with a reset, and so does each attempt to make another one."""
        _run("nft", f"add rule inet chaos {serial} meta l4proto tcp reject with tcp reset")

    def heal(self, serial):
        _run("nft", f"flush chain inet chaos {serial}")


class Disk:
    """A small file system of its own at a folder, in memory."""

    def __init__(self, folder, size="4m", user=None):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        owner = "" if user is None else f",uid={user},gid={user}"
        _run("mount", "-t", "tmpfs", "-o", f"size={size}{owner}", "tmpfs", str(folder))

    def fill(self):
        """Not a byte is left."""
        with open(self.folder / "ballast", "wb", buffering=0) as ballast:
            try:
                while ballast.write(b"\0" * 4096) == 4096:
                    pass
            except OSError:
                return

    def free(self):
        (self.folder / "ballast").unlink()

    def set_writable(self, is_writable):
        _run("mount", "-o", f"remount,{'rw' if is_writable else 'ro'}", str(self.folder))

    def remove(self):
        subprocess.run(["umount", "-l", str(self.folder)], capture_output=True, check=False)


__all__ = ["CLONE_NEWNS", "Disk", "Network", "unshare"]
