"""The attack on a vendor's files: everything is asked for, subtracted, and joined on times and volumes.

The attacker has every file of every span, before and after late data came, and knows from elsewhere what each clinic
did to the last session, strike and sample, and when.
"""

from __future__ import annotations

import asyncio
import csv
import random
import re
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any, Final, TypeAlias

import pytest

from gateway.analytics.privacy import SETTLE_MS
from gateway.clock import ManualClock
from gateway.export.manifest import Manifest
from gateway.export.vendor_export import export_for_vendor
from gateway.export.vendor_tables import VENDOR_TABLES, EndedLife, life_groups, pseudonym
from gateway.serve.dispatch import VENDOR
from gateway.serve.product_reader import stored_product
from gateway.store.open import open_export
from gateway.store.rows import Batch, LedgerRow, TimedSample, TimedSession
from gateway.store.service_rows import AlertChange
from gateway.store.sqlite import SqliteStore
from gateway.store.told_base import ToldDocument, ToldPart
from tests.store.store_records import AUDIT, DAY_MS, NOW_MS, alert, sample, session, settle, sighting, state

K: Final = 5
CLINICS: Final = tuple(f"praxis-{n:02d}" for n in range(16))
MODELS: Final = ("pen-1", "pen-2", "pen-3")
MONTHS: Final = ("2025-12", "2026-01")
SINCE_MS: Final = int(datetime(2025, 12, 1, tzinfo=UTC).timestamp()) * 1000
UNTIL_MS: Final = int(datetime(2026, 2, 1, tzinfo=UTC).timestamp()) * 1000
LATE_MS: Final = UNTIL_MS + SETTLE_MS + DAY_MS
Row: TypeAlias = dict[str, str]
Told: TypeAlias = dict[str, list[Row]]


def device_of(clinic: int, number: int) -> tuple[str, str]:
    """A device and its model: pen-1 everywhere, pen-2 in eleven clinics, pen-3 in two only."""
    model = MODELS[0] if number == 0 else MODELS[1] if clinic < 11 else MODELS[2]
    return f"serial-{clinic:02d}-{number}", model


def fleet() -> list[tuple[str, str, str]]:
    """(clinic, device, model): one device everywhere, a second one in 13 clinics."""
    return [
        (CLINICS[clinic], *device_of(clinic, number))
        for clinic in range(len(CLINICS))
        for number in range(1 if clinic >= 13 else 2)
    ]


def month_of(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m}"


class Fleet:
    """What was put into the store, as the attacker knows it."""

    def __init__(self) -> None:
        self.sessions: Counter[tuple[str, str]] = Counter()
        self.strikes: Counter[tuple[str, str]] = Counter()
        self.samples: Counter[tuple[str, str]] = Counter()
        self.alerts: Counter[tuple[str, str]] = Counter()

    def records(self, rng: random.Random, received_ms: int | None) -> Batch:
        """A month's work of every clinic, each with a volume of its own."""
        sessions: list[TimedSession] = []
        samples: list[TimedSample] = []
        for place, (clinic, device, _) in enumerate(fleet()):
            for _ in range(12 + 3 * place + rng.randrange(5)):
                at_ms = rng.randrange(SINCE_MS, UNTIL_MS)
                names = {"device": device, "clinic": clinic, "boot": f"boot-{device}"}
                made = session(
                    len(sessions) + rng.randrange(10**6) * 10**4, event_ms=at_ms, received_ms=received_ms, **names
                )
                strikes = 50_000 + 1_777 * place + rng.randrange(1_000)
                sessions.append(made._replace(session=made.session._replace(strikes=strikes)))
                samples.append(
                    sample(
                        len(samples) + rng.randrange(10**6) * 10**4, event_ms=at_ms, received_ms=received_ms,
                        device=device, boot=f"boot-{device}", clinic=clinic,
                    )
                )  # fmt: skip
                if received_ms is None:
                    self.sessions[month_of(at_ms), clinic] += 1
                    self.samples[month_of(at_ms), clinic] += 1
                    self.strikes[month_of(at_ms), clinic] += strikes
        return Batch(sessions=tuple(sessions), samples=tuple(samples))


@pytest.fixture
async def filled(tmp_path: Path) -> AsyncIterator[tuple[SqliteStore, Fleet]]:
    store, known, rng = await SqliteStore.open(str(tmp_path / "store.db")), Fleet(), random.Random(5)
    devices = tuple(replace(state(device=device), clinic_id=clinic, model=model) for clinic, device, model in fleet())
    await store.commit(replace(known.records(rng, None), devices=devices))
    ledger, sightings = [], []
    for clinic, device, _ in fleet():
        for life in range(4):
            serial, fitted_ms = f"noz-{device}-{life}", SINCE_MS - (life + 1) * 9 * DAY_MS
            for action, at_ms in (("fitted", fitted_ms), ("removed", fitted_ms + 8 * DAY_MS + life * 3_600_000)):
                strikes = 0 if action == "fitted" else 400_000 + rng.randrange(10**6)
                ledger.append(
                    LedgerRow(device, clinic, at_ms, f"boot-{device}", 900 + life, action, serial, strikes, "device")  # type: ignore[arg-type]
                )
            made = sighting(serial, device)
            sightings.append(replace(made, clinic_id=clinic, lot="lot-rare" if clinic == CLINICS[3] else "lot-a"))
    await store.commit(Batch(ledger=tuple(ledger), sightings=tuple(sightings)))
    for place, (clinic, device, _) in enumerate(fleet()):
        at_ms = SINCE_MS + place * DAY_MS
        fired = alert(subject=device, device_id=device, clinic_id=clinic, firing_since_ms=at_ms, state="firing")
        await store.apply_alerts([AlertChange(fired, None, at_ms, "")], 0)
    yield store, known
    await store.close()


async def told(
    store: SqliteStore, since_ms: int, until_ms: int, now_ms: int = NOW_MS, *, told_once: bool = False, k: int = K
) -> Told:
    """What a vendor gets of a span: the rows of every table. Unless it is `told_once`, it is made anew each time: the
    harder case for us."""
    folder, loop = Path(store._db.path).parent, asyncio.get_running_loop()
    product = await stored_product(store, ManualClock(now_ms), k)

    def keep(name: str, documents: Mapping[str, ToldDocument]) -> Mapping[str, ToldDocument]:
        if not told_once:
            return documents
        parts = [ToldPart(name, span, *made) for span, made in documents.items()]
        kept = asyncio.run_coroutine_threadsafe(store.keep_told(parts), loop).result(10)
        return {part.span: ToldDocument(part.document, part.k) for part in kept}

    def tell_use(since_ms: int, until_ms: int) -> None:
        asyncio.run_coroutine_threadsafe(product.usage(VENDOR, "model", since_ms, until_ms), loop).result(10)

    def export() -> Path:
        out = folder / f"out-{random.random()}"
        source = open_export(f"sqlite:///{store._db.path}")
        asked = Manifest("csv", "vendor", (None, None), since_ms, until_ms)
        try:
            export_for_vendor(source, out, asked, keep, tell_use, k=k, now_ms=now_ms)
        finally:
            source.close()
        return out

    found: Told = defaultdict(list)
    for path in (await asyncio.to_thread(export)).rglob("*.csv"):
        with path.open(newline="") as file:
            found[path.parent.name] += csv.DictReader(file)
    return found


async def test_a_span_of_the_vendors_choice_makes_no_other_number(filled: tuple[SqliteStore, Fleet]) -> None:
    """Differencing in time: whatever is asked, a month is told with the same numbers, or not at all."""
    rng = random.Random(1)
    whole = await told(filled[0], 0, NOW_MS)
    assert {row["month"] for row in whole["sessions"]} == set(MONTHS)
    for _ in range(12):
        since_ms, until_ms = sorted(rng.randrange(SINCE_MS - 40 * DAY_MS, NOW_MS) for _ in range(2))
        for table, rows in (await told(filled[0], since_ms, until_ms)).items():
            assert all(row in whole[table] for row in rows), table


async def test_what_was_told_is_told_again_whatever_becomes_of_the_records(filled: tuple[SqliteStore, Fleet]) -> None:
    """A clinic that is forgotten can't be found by subtraction."""
    store = filled[0]
    before = await told(store, 0, NOW_MS, told_once=True)
    assert before["sessions"]
    await settle(store)
    await store.forget_clinic(CLINICS[3], AUDIT)
    assert await told(store, 0, NOW_MS, told_once=True) == before


async def test_what_was_told_of_fewer_clinics_than_must_be_by_now_is_told_no_more(
    filled: tuple[SqliteStore, Fleet],
) -> None:
    """Told anew in other cells, it could be held against what was told."""
    store = filled[0]
    before = await told(store, 0, NOW_MS, told_once=True, k=3)
    assert set(before) >= {"sessions", "samples", "nozzle_lives", "alerts"}
    assert await told(store, 0, NOW_MS, told_once=True, k=4) == {}
    assert await told(store, 0, NOW_MS, told_once=True, k=3) == before


async def test_what_was_told_of_more_clinics_than_must_be_is_told_as_it_was(filled: tuple[SqliteStore, Fleet]) -> None:
    before = await told(filled[0], 0, NOW_MS, told_once=True)
    assert await told(filled[0], 0, NOW_MS, told_once=True, k=3) == before


async def test_what_comes_late_changes_nothing_that_was_told(filled: tuple[SqliteStore, Fleet]) -> None:
    store, known = filled
    before = await told(store, 0, NOW_MS)
    await store.commit(known.records(random.Random(77), LATE_MS))
    after = await told(store, 0, NOW_MS)
    for table in ("sessions", "samples"):
        assert [row for row in after[table] if row["month"] in MONTHS] == before[table]


async def test_a_month_that_has_not_settled_is_not_told(filled: tuple[SqliteStore, Fleet]) -> None:
    soon = await told(filled[0], 0, NOW_MS, UNTIL_MS + SETTLE_MS - 1)
    assert {row["month"] for row in soon["sessions"]} == {"2025-12"}


async def test_no_number_and_no_difference_is_about_one_clinic(filled: tuple[SqliteStore, Fleet]) -> None:
    """Joining on volumes: no number, sum or difference of two is what any group of fewer than k clinics did."""
    _, known = filled
    rows = await told(filled[0], 0, NOW_MS)
    for table, column, volumes in (
        ("sessions", "sessions", known.sessions), ("sessions", "strikes", known.strikes),
        ("samples", "samples", known.samples),
    ):  # fmt: skip
        for month in MONTHS:
            numbers = [float(row[column]) for row in rows[table] if row["month"] == month]
            derived = {*numbers, *(abs(one - other) for one, other in combinations(numbers, 2))}
            derived |= {abs(sum(volumes[month, clinic] for clinic in CLINICS) - number) for number in numbers}
            each = [volumes[month, clinic] for clinic in CLINICS]
            largest = sum(sorted(each)[-K + 1 :])
            smallest_cell = sum(sorted(each)[:K])
            assert min(numbers) >= smallest_cell * 0.99
            assert not any(abs(value - one) < 0.004 * one for value in derived for one in each), (table, month)
            assert largest > 0


async def test_rare_models_and_lots_are_told_together_with_others(filled: tuple[SqliteStore, Fleet]) -> None:
    rows = await told(filled[0], 0, NOW_MS)
    assert "pen-3" not in {row["device_model"] for row in rows["sessions"]}
    assert {row["device_model"] for row in rows["sessions"]} == {"pen-1", "(other)"}
    assert "lot-rare" not in {row["lot"] for row in rows["nozzle_lives"]}


async def test_no_file_names_a_clinic_device_nozzle_or_moment(filled: tuple[SqliteStore, Fleet]) -> None:
    """Joining on times: nothing is told more finely than by month."""
    rows = await told(filled[0], 0, NOW_MS)
    assert set(rows) >= {"sessions", "samples", "nozzle_lives", "alerts"}
    text = " ".join(value for table in rows.values() for row in table for value in row.values())
    assert not re.search(r"praxis|serial-|noz-|boot-|\d{4}-\d\d-\d\d|\b1[67]\d{11}\b", text)
    names = {name for table in VENDOR_TABLES for name in (field.name for field in table.fields)}
    assert not any(name.endswith(("_ms", "_id")) for name in names)


async def test_a_fleet_of_fewer_clinics_than_k_is_told_nothing_of(tmp_path: Path) -> None:
    store = await SqliteStore.open(str(tmp_path / "store.db"))
    few = [entry for entry in fleet() if entry[0] in CLINICS[: K - 1]]
    batch = Fleet().records(random.Random(2), None)
    kept = {clinic for clinic, _, _ in few}
    await store.commit(
        Batch(
            sessions=tuple(made for made in batch.sessions if made.session.clinic_id in kept),
            samples=tuple(made for made in batch.samples if made.sample.clinic_id in kept),
        )
    )
    assert await told(store, 0, NOW_MS) == {}
    await store.close()


def test_each_life_is_told_as_the_mean_of_a_group_of_k_clinics() -> None:
    rng = random.Random(3)
    lives = [
        EndedLife(("fine", f"lot-{n % 2}"), f"c{rng.randrange(14)}", f"n{n}", 1e6 * rng.random(), 30 * rng.random())
        for n in range(200)
    ]
    rows = list(life_groups("2026-Q1", lives, b"k" * 32, K))
    assert len(rows) == 200
    clinic_of = {pseudonym(b"k" * 32, "life", "2026-Q1", life.serial): life.clinic_id for life in lives}
    groups: dict[tuple[Any, ...], set[str]] = defaultdict(set)
    for _, model, lot, name, strikes, days, _ in rows:
        groups[model, lot, strikes, days].add(clinic_of[name])
    assert len(groups) > 10
    assert all(len(clinics) >= K for clinics in groups.values())


def test_a_pseudonym_is_another_in_each_quarter_and_needs_the_key() -> None:
    names = {pseudonym(key * 32, "life", quarter, "n1") for key in (b"a", b"b") for quarter in ("2026-Q1", "2026-Q2")}
    assert len(names) == 4
