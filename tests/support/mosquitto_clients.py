"""Real mosquitto clients as publishers: one `mosquitto_pub -l` for each device, QoS 1."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from schemas.topics import device_topic
from tests.support.broker import require_mosquitto


@dataclass(frozen=True)
class Sent:
    """What one device has sent: its boot, how many good samples, and the seqs of its bad ones."""

    clinic_id: str
    device_id: str
    boot_id: str
    good_seqs: frozenset[int]
    bad_seqs: frozenset[int]
    last_strikes: int


def sample_json(boot_id: str, seq: int, ts_ms: int, serial: str, *, extra: str = "") -> str:
    """One sample on one line; `extra` is put into the object as it stands."""
    return (
        f'{{"boot_id":"{boot_id}","seq":{seq},"ts_ms":{ts_ms},'
        f'"power":{{"source":"mains","charge":null,"voltage_v":231.5}},'
        f'"nozzle":{{"serial":"{serial}","strikes":{seq * 10},"coating":0.9}},'
        f'"sessions":{{"total":3,"active":false}}{extra}}}'
    )


class Publisher:
    """A device that publishes at a steady rate until told to end, then waits for every acknowledgement."""

    def __init__(self, port: int, number: int, *, rate_per_s: float, start_ms: int, bad_every: int = 100) -> None:
        self._port = port
        self._clinic_id = f"c-{number % 3}"
        self._device_id = f"d-{number:03d}"
        self._boot_id = f"boot-{number}"
        self._rate_per_s = rate_per_s
        self._start_ms = start_ms
        self._bad_every = bad_every
        self._good: set[int] = set()
        self._bad: set[int] = set()
        self._ending = asyncio.Event()

    def end(self) -> None:
        self._ending.set()

    async def run(self) -> Sent:
        require_mosquitto()
        topic = device_topic(self._clinic_id, self._device_id, "telemetry")
        client = await asyncio.create_subprocess_exec(
            "mosquitto_pub", "-V", "5", "-h", "127.0.0.1", "-p", str(self._port), "-q", "1", "-t", topic, "-l",
            stdin=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert client.stdin is not None
        loop = asyncio.get_running_loop()
        started_s, seq = loop.time(), 0
        while not self._ending.is_set():
            due = int((loop.time() - started_s) * self._rate_per_s)
            while seq < due:
                client.stdin.write(self._line(seq).encode() + b"\n")
                seq += 1
            await client.stdin.drain()
            await asyncio.sleep(0.02)
        client.stdin.write(self._line(seq, good=True).encode() + b"\n")
        client.stdin.close()
        assert await client.wait() == 0
        return Sent(
            self._clinic_id, self._device_id, self._boot_id, frozenset(self._good), frozenset(self._bad), seq * 10
        )

    def _line(self, seq: int, *, good: bool = False) -> str:
        bad = not good and seq % self._bad_every == self._bad_every - 1
        (self._bad if bad else self._good).add(seq)
        extra = f',"surprise":{seq}' if bad else ""
        return sample_json(self._boot_id, seq, self._start_ms + seq, f"N-{self._device_id}", extra=extra)
