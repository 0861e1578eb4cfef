from __future__ import annotations

import pytest

from schemas.delivery import Delivery
from tests.ingest.rig import started
from tests.ingest.wire import T0, backlog, delivery, sample, status


def live(state: str, at_ms: int, boot: str | None = "b1", **more: object) -> Delivery:
    return delivery("status", status(state, boot=boot, **more), T0 + at_ms)


def kept(state: str, at_ms: int, boot: str | None = "b1", **more: object) -> Delivery:
    return delivery("status", status(state, boot=boot, **more), T0 + at_ms, retained=True)


def record(at_ms: int, boot: str = "b1", seq: int = 0) -> Delivery:
    return delivery("telemetry", sample(seq, T0 + at_ms, boot=boot), T0 + at_ms)


def late_backlog(received_ms: int) -> Delivery:
    return delivery("telemetry", backlog(sample(5, T0 + 1, boot="b1")), T0 + received_ms)


@pytest.mark.parametrize(
    ("sent", "state"),
    [
        pytest.param([live("online", 0)], "online", id="its own word"),
        pytest.param([live("online", 0), live("offline", 5)], "offline", id="the last word wins"),
        pytest.param([live("offline", 5), live("online", 0)], "offline", id="the last by receipt, not by arrival here"),
        pytest.param([live("online", 0, "b2"), live("offline", 5, "b1")], "online", id="offline of an earlier boot"),
        pytest.param([live("online", 0), record(3, "b2"), live("offline", 5)], "online", id="a record told the boot"),
        pytest.param([live("online", 0), record(3), live("offline", 5)], "offline", id="offline of the latest boot"),
        pytest.param([live("online", 0), live("offline", 5, None)], "offline", id="offline that names no boot"),
        pytest.param([live("offline", 0)], "offline", id="the first word of all"),
        pytest.param([live("online", 0), live("offline", 5), record(9)], "online", id="a record after an offline"),
        pytest.param([live("online", 0), record(9), live("offline", 5)], "online", id="an offline before a record"),
        pytest.param([record(3)], None, id="a device that says no status"),
        pytest.param([kept("online", 0)], None, id="a retained copy tells no state"),
        pytest.param([live("offline", 0), kept("online", 5)], "offline", id="a retained copy brings nobody back"),
        pytest.param(
            [live("online", 10, "b2"), late_backlog(20), live("offline", 30, "b2")],
            "offline",
            id="a backlog of an earlier boot is no later boot",
        ),
    ],
)
async def test_statuses_merge_by_receipt(sent: list[Delivery], state: str | None) -> None:
    rig = await started()
    for one in sent:
        await rig.pipeline.ingest([one])
    device = rig.fleet.device("d1")
    assert device is not None
    assert device.status_state == state


async def test_fields_that_a_status_leaves_out_stay_and_late_ones_only_fill() -> None:
    rig = await started()
    await rig.pipeline.ingest([live("online", 10, model="SP-2", interval_s=60)])
    await rig.pipeline.ingest([live("online", 20, firmware="2.0")])
    await rig.pipeline.ingest([live("online", 5, model="SP-1", firmware="1.0", form="mobile")])
    device = rig.fleet.device("d1")
    assert device is not None
    assert (device.model, device.firmware, device.form, device.interval_s) == ("SP-2", "2.0", "mobile", 60)


async def test_a_retained_copy_fills_what_nobody_said_and_shows_nobody_alive() -> None:
    rig = await started()
    await rig.pipeline.ingest([kept("online", 50, model="SP-1", firmware="1.0")])
    device = rig.fleet.device("d1")
    assert device is not None
    assert (device.model, device.status_state, device.last_seen_ms) == ("SP-1", None, 0)
    await rig.pipeline.ingest([live("online", 60, firmware="2.0"), kept("online", 70, firmware="1.0", form="mobile")])
    device = rig.fleet.device("d1")
    assert device is not None
    assert (device.model, device.firmware, device.form) == ("SP-1", "2.0", "mobile")
    assert device.last_seen_ms == T0 + 60


async def test_an_offline_that_does_not_count_is_not_stored() -> None:
    rig = await started()
    await rig.pipeline.ingest([live("online", 0, "b2"), live("offline", 5, "b1")])
    assert rig.counter("records_stored_total", kind="status") == 1
    device = rig.fleet.device("d1")
    assert device is not None
    assert device.last_seen_ms == T0


async def test_a_rebuild_keeps_what_statuses_said() -> None:
    rig = await started()
    await rig.pipeline.ingest([live("online", 0, model="SP-1"), record(50, seq=5), live("offline", 60)])
    late = sample(1, T0 + 10, serial="n2")
    await rig.pipeline.ingest([delivery("telemetry", late, T0 + 20)])
    device = rig.fleet.device("d1")
    assert device is not None
    assert [row.serial for row in rig.fleet.ledger("d1")] == ["n2", "n1"]
    assert (device.model, device.status_state, device.last_seen_ms) == ("SP-1", "offline", T0 + 60)
