"""Where the nozzle sits: which one is fitted, which one the device last reported, and every one it ever had."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from collectors.simulator.inventory import Inventory, Nozzle
from collectors.simulator.recorder import Recorder
from collectors.simulator.traits import Traits
from collectors.simulator.truth import NozzleTruth, Replaced, how_replaced
from collectors.simulator.wire import text_json


@dataclass(slots=True)
class _Life:
    nozzle: Nozzle
    fitted_ms: int
    strikes_at_fitting: int
    removed_ms: int | None = None
    replaced: Replaced | None = None


class NozzleMount:
    """The nozzles of one device."""

    def __init__(self, inventory: Inventory, traits: Traits, rng: Random, clinic_id: str, device_no: int) -> None:
        self._inventory = inventory
        self._traits = traits
        self._rng = rng
        self._clinic_id = clinic_id
        self._device_no = device_no
        self._lives: dict[str, _Life] = {}
        self._reported: Nozzle | None = None
        self.nozzle: Nozzle | None = None
        self.tag_readable = True

    @property
    def serial(self) -> str | None:
        """The serial as the device can read it."""
        return self.nozzle.serial if self.nozzle is not None and self.tag_readable else None

    @property
    def reports_depth(self) -> bool:
        return self._traits.reports_depth

    def draw_nozzle(self) -> Nozzle:
        """A new nozzle out of the box."""
        serial = f"N{self._device_no + 1:05d}-{len(self._lives) + 1:02d}"
        return self._inventory.draw_nozzle(self._rng, self._traits.model, serial)

    def fit(self, nozzle: Nozzle, at_ms: int) -> None:
        life = self._lives.setdefault(nozzle.serial, _Life(nozzle, at_ms, nozzle.strikes))
        life.removed_ms = None
        self.nozzle = nozzle

    def take_off(self, at_ms: int) -> Nozzle | None:
        """Takes the nozzle off, perhaps to fit it again."""
        nozzle, self.nozzle = self.nozzle, None
        if nozzle is not None:
            self._lives[nozzle.serial].removed_ms = at_ms
        return nozzle

    def discard(self, at_ms: int, *, damaged: bool) -> None:
        """Takes the nozzle off for good."""
        nozzle = self.take_off(at_ms)
        if nozzle is not None:
            self._lives[nozzle.serial].replaced = how_replaced(nozzle.true_wear(), damaged=damaged)

    def report(self, recorder: Recorder, at_ms: int) -> None:
        """Records what has changed since the device last said what it has fitted."""
        before, self._reported = self._reported, self.nozzle
        if before is self.nozzle:
            return
        if before is not None:
            recorder.nozzle(at_ms, "removed", before)
        if self.nozzle is not None:
            recorder.nozzle(at_ms, "fitted", self.nozzle)

    def keep_quiet(self) -> None:
        """Lets a change pass unreported."""
        self._reported = self.nozzle

    def seen_wear(self) -> float | None:
        """The wear by which people decide: of the coating, or of the strikes where there is no sensor."""
        if self.nozzle is None:
            return None
        if self._traits.has_coating_sensor:
            return self.nozzle.true_wear()
        return self.nozzle.strikes / self.nozzle.kind.rated_strikes

    def to_json(self, depth_mm: float) -> str:
        """The `nozzle` value of a sample, measured with noise."""
        nozzle, traits = self.nozzle, self._traits
        if nozzle is None:
            return "null"
        coating = "null"
        if traits.has_coating_sensor:
            measured = nozzle.path.coating_at(nozzle.strikes) + self._rng.gauss(0.0, traits.coating_noise)
            coating = f"{min(1.0, max(0.0, measured)):.4f}"
        depth = f',"depth_mm":{depth_mm:.1f}' if traits.reports_depth else ""
        return f'{{"serial":{text_json(self.serial)},"strikes":{nozzle.strikes},"coating":{coating}{depth}}}'

    def truth(self) -> list[NozzleTruth]:
        """Every nozzle that the device ever had, as it is now."""
        return [self._truth_of(life) for life in self._lives.values()]

    def _truth_of(self, life: _Life) -> NozzleTruth:
        nozzle = life.nozzle
        return NozzleTruth(
            serial=nozzle.serial,
            model=nozzle.kind.model,
            lot=nozzle.lot.lot,
            device_id=self._traits.device_id,
            clinic_id=self._clinic_id,
            fitted_ms=life.fitted_ms,
            removed_ms=life.removed_ms,
            strikes_at_fitting=life.strikes_at_fitting,
            strikes=nozzle.strikes,
            coating=round(nozzle.path.coating_at(nozzle.strikes), 6),
            wear=round(nozzle.true_wear(), 6),
            drift=round(nozzle.path.drift, 6),
            strikes_at_limit=nozzle.path.strikes_at_limit,
            has_coating_sensor=self._traits.has_coating_sensor,
            replaced=life.replaced,
        )
