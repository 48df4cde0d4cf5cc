"""The program with every write, truncation, sync and removal of its SQLite files recorded, by a VFS of our own.

`python -m tests.torture.recorder TRACE DATABASE CHECKPOINT_BYTES serve …` is `ocpp-css serve …`.
"""

import _sqlite3
import ctypes
import os
import struct
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, NamedTuple

WRITE, TRUNCATE, SYNC, DELETE = range(4)
_HEAD: Final = struct.Struct("<BBqqqI")
_IOERR = 10


class Event(NamedTuple):
    """One call, with the nanoseconds of the machine's monotonic clock at which it began and ended.

    `place` is the offset of a write, the new length of a truncation.
    """

    kind: int
    file: int
    began: int
    ended: int
    place: int
    data: bytes


FILES: Final = ("", "-wal", "-journal")
"""What is recorded, behind the database's name; `-shm` is made anew at each open."""


def read_trace(path: Path) -> Iterator[Event]:
    """The events in the order in which they ended."""
    with path.open("rb") as trace:
        while head := trace.read(_HEAD.size):
            *about, length = _HEAD.unpack(head)
            yield Event(*about, trace.read(length))


_OPEN = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p)
_DELETE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
_WRITE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int, ctypes.c_int64)
_TRUNCATE = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int64)
_SYNC = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_int)


class _Vfs(ctypes.Structure):
    """sqlite3_vfs, version 3."""

    _fields_ = (
        ("version", ctypes.c_int), ("file_size", ctypes.c_int), ("path_size", ctypes.c_int), ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p), ("own", ctypes.c_void_p), ("open", _OPEN), ("delete", _DELETE),
        ("others", ctypes.c_void_p * 14),
    )  # fmt: skip


class _Methods(ctypes.Structure):
    """sqlite3_io_methods, version 3."""

    _fields_ = (
        ("version", ctypes.c_int), ("close", ctypes.c_void_p), ("read", ctypes.c_void_p), ("write", _WRITE),
        ("truncate", _TRUNCATE), ("sync", _SYNC), ("others", ctypes.c_void_p * 13),
    )  # fmt: skip


class _File(ctypes.Structure):
    """sqlite3_file."""

    _fields_ = (("methods", ctypes.POINTER(_Methods)),)


class Recorder:
    """SQLite's own VFS, with its calls that change files recorded before they return."""

    def __init__(self, trace: Path, database: Path) -> None:
        self._trace = os.open(trace, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        self._lock = threading.Lock()
        self._names = {str(database) + ending: number for number, ending in enumerate(FILES)}
        self._open_files: dict[int, int] = {}
        self._methods: dict[int, _Methods] = {}
        self._kept: list[Any] = []

    def install(self) -> None:
        """Every database that is opened from now on goes through here; the recorder has to be kept as long."""
        library = ctypes.CDLL(getattr(_sqlite3, "__file__", None))  # built into Python itself where there is no file
        library.sqlite3_vfs_find.restype = ctypes.POINTER(_Vfs)
        own = library.sqlite3_vfs_find(None).contents
        self._own_open, self._own_delete = own.open, own.delete
        vfs = _Vfs.from_buffer_copy(own)
        vfs.name, vfs.open, vfs.delete = b"recording", _OPEN(self._opened), _DELETE(self._deleted)
        self._kept.append(vfs)
        if library.sqlite3_vfs_register(ctypes.byref(vfs), 1):
            raise RuntimeError("SQLite took no VFS")

    def _note(self, kind: int, file: int, began: int, place: int, data: bytes = b"") -> None:
        head = _HEAD.pack(kind, file, began, time.monotonic_ns(), place, len(data))
        with self._lock:
            os.write(self._trace, head + data)

    def _opened(self, vfs: int, name: int | None, file: int, flags: int, out: int | None) -> int:
        result: int = self._own_open(vfs, name, file, flags, out)
        path = ctypes.string_at(name).decode() if name else ""
        if result == 0 and path in self._names:
            self._open_files[file] = self._names[path]
            opened = _File.from_address(file)
            address = ctypes.addressof(opened.methods.contents)
            if address not in self._methods:
                self._methods[address] = self._recording(opened.methods.contents)
            opened.methods = ctypes.pointer(self._methods[address])
        return result

    def _recording(self, own: _Methods) -> _Methods:
        methods = _Methods.from_buffer_copy(own)
        own_write, own_truncate, own_sync = own.write, own.truncate, own.sync

        def write(file: int, data: int, length: int, offset: int) -> int:
            began = time.monotonic_ns()
            result: int = own_write(file, data, length, offset)
            self._note(WRITE, self._open_files[file], began, offset, ctypes.string_at(data, length))
            return result

        def truncate(file: int, length: int) -> int:
            began = time.monotonic_ns()
            result: int = own_truncate(file, length)
            self._note(TRUNCATE, self._open_files[file], began, length)
            return result

        def sync(file: int, flags: int) -> int:
            began = time.monotonic_ns()
            result: int = own_sync(file, flags)
            self._note(SYNC, self._open_files[file], began, 0)
            return result

        methods.write, methods.truncate, methods.sync = _WRITE(write), _TRUNCATE(truncate), _SYNC(sync)
        self._kept.append((write, truncate, sync, methods))
        return methods

    def _deleted(self, vfs: int, name: bytes, sync_directory: int) -> int:
        began = time.monotonic_ns()
        result: int = self._own_delete(vfs, name, sync_directory)
        if name.decode() in self._names:
            self._note(DELETE, self._names[name.decode()], began, 0)
        return result


if __name__ == "__main__":
    trace, database, checkpoint_bytes, *arguments = sys.argv[1:]
    recorder = Recorder(Path(trace), Path(database))
    recorder.install()

    from ocpp_css.app.cli.main import main
    from ocpp_css.storage import sqlite

    sqlite._CHECKPOINT_BYTES = int(checkpoint_bytes)
    sys.argv = ["ocpp-css", *arguments]
    main()
