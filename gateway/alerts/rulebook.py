"""The rule book: what every rule goes by at each place, found once for each set of overrides that fit."""

from __future__ import annotations

from gateway.alerts.screening import Limits, limits_of
from gateway.config_alerts import AlertsConfig, RulePlace, RuleSet


class RuleBook:
    """Most places have no override and share one set."""

    def __init__(self, config: AlertsConfig) -> None:
        self._config = config
        self.everywhere = config.at(RulePlace("", None, None))
        self._sets: dict[tuple[int, ...], RuleSet] = {(): self.everywhere}
        self._places: dict[RulePlace, RuleSet] = {}
        self._everywhere_limits = limits_of(self.everywhere)
        self._limits: dict[RuleSet, Limits] = {}

    def limits_at(self, clinic_id: str, model: str | None, device_id: str) -> Limits:
        """The limits at this place."""
        if not self._config.overrides:
            return self._everywhere_limits
        return self.limits(self.at(clinic_id, model, device_id))

    def limits(self, rules: RuleSet) -> Limits:
        """From where on the rules of a place may be true; `rules` is what `at` gave."""
        if rules is self.everywhere:
            return self._everywhere_limits
        known = self._limits.get(rules)
        if known is None:
            known = self._limits[rules] = limits_of(rules)
        return known

    def at(self, clinic_id: str, model: str | None, device_id: str | None) -> RuleSet:
        """What counts at this place; `model` is the device's."""
        if not self._config.overrides:
            return self.everywhere
        place = RulePlace(clinic_id, model, device_id)
        known = self._places.get(place)
        if known is None:
            fitting = tuple(number for number, one in enumerate(self._config.overrides) if one.fits(place))
            known = self._sets.get(fitting)
            if known is None:
                known = self._sets[fitting] = self._config.at(place)
            self._places[place] = known
        return known
