"""What a gateway keeps of stations that are not connected to it: `python -m bench.directory --stations 100000`."""

import argparse
import resource
import time
from datetime import UTC, datetime
from typing import Any

from ocpp_css.bus import InProcessBus
from ocpp_css.charging.stations.model import Station
from ocpp_css.charging.stations.service.directory import MemoryDirectory, describe

PASSWORD = "0123456789abcdef" * 4
"""As long as the hash of one."""


def main() -> None:
    """Keep so many stations, as at a start, and tell the memory and the time of each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stations", type=int, default=100_000)
    count = parser.parse_args().stations
    nothing: Any = None
    directory = MemoryDirectory(nothing, InProcessBus(), nothing, b"key")
    before, begun = _resident_kib(), time.perf_counter()
    for number in range(count):
        name = f"STATION-{number:07}"
        station = Station(
            station_id=number + 1, identity=name, identity_key=name, passwords=[f"{number:08}{PASSWORD[8:]}"],
            serial_number=f"SN{number:010}", is_bare=True, registration_status="Accepted",
            created_at=datetime.now(UTC),
        )  # fmt: skip
        directory._keep(1, describe(station))  # noqa: SLF001 - what loading does for each
    took, kept = time.perf_counter() - begun, _resident_kib() - before
    each_bytes, each_us = kept * 1024 / count, took * 1e6 / count
    print(f"{count:,} stations: {kept / 1024:.0f} MiB, {each_bytes:.0f} bytes and {each_us:.1f} µs each")


def _resident_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    main()
