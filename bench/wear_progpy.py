"""`python -m bench.wear_progpy`: our filter against the unscented filter of NASA's progpy, with the same prior.

Needs `pip install progpy`; nothing else here does.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np

from gateway.wear.kalman import Group, after_reading, before_readings

GROUP = Group(0.02, 0.0009, 1.1, 0.06, 0.005, 0.0004)
STEP = 0.01
COUNT = 90


def main() -> None:
    warnings.simplefilter("ignore")
    rng = np.random.default_rng(7)
    usage = STEP * np.arange(1, COUNT + 1)
    noise = float(np.sqrt(GROUP.q * STEP)) * rng.standard_normal(COUNT)
    wear = 1.3 * usage + np.cumsum(noise) + 0.02 * rng.standard_normal(COUNT)

    begun = time.perf_counter()
    for _ in range(200):
        state = before_readings(GROUP)
        for x, w in zip(usage.tolist(), wear.tolist(), strict=True):
            state = after_reading(state, x, w, 0.005, 0.0004)
    ours = (time.perf_counter() - begun) / (200 * COUNT)

    estimator = unscented()
    begun = time.perf_counter()
    for x, w in zip(usage.tolist(), wear.tolist(), strict=True):
        estimator.estimate(x, {}, {"z": w}, dt=STEP)
    theirs = (time.perf_counter() - begun) / COUNT
    mean, covariance = estimator.x.mean, np.asarray(estimator.x.cov)
    drift_sd = float(np.sqrt(covariance[1, 1]))
    print(f"wear now   ours {state.wear:.6f}  progpy {float(mean['z']):.6f}")
    print(f"drift      ours {state.drift:.6f}  progpy {float(mean['mu']):.6f}")
    print(f"drift sd   ours {state.drift_var**0.5:.6f}  progpy {drift_sd:.6f}")
    print(f"a reading  ours {ours * 1e6:.2f} us  progpy {theirs * 1e6:.0f} us  ({theirs / ours:.0f} times)")


def unscented() -> Any:
    """progpy's filter of the same two states."""
    from progpy import PrognosticsModel
    from progpy.state_estimators import UnscentedKalmanFilter
    from progpy.uncertain_data import MultivariateNormalDist

    class Wear(PrognosticsModel):  # type: ignore[misc]
        inputs: list[str] = []  # noqa: RUF012
        states = ["z", "mu"]  # noqa: RUF012
        outputs = ["z"]  # noqa: RUF012
        events = ["worn"]  # noqa: RUF012
        default_parameters = {"process_noise": 0.0, "measurement_noise": 0.0, "x0": {"z": 0.0, "mu": 1.0}}  # noqa: RUF012

        def dx(self, x: Any, _u: Any) -> Any:
            return self.StateContainer(np.array([np.atleast_1d(x["mu"]), np.atleast_1d(0.0 * x["mu"])]))

        def output(self, x: Any) -> Any:
            return self.OutputContainer(np.array([np.atleast_1d(x["z"])]))

        def event_state(self, x: Any) -> Any:
            return {"worn": 1.0 - x["z"]}

    model = Wear()
    prior = MultivariateNormalDist(
        ["z", "mu"], [GROUP.start, GROUP.drift], [[GROUP.start_var, 0.0], [0.0, GROUP.drift_var]]
    )
    return UnscentedKalmanFilter(
        model, prior, Q=np.diag([float(GROUP.q) * STEP, 0.0]), R=np.diag([float(GROUP.noise_var)]), t0=0.0, dt=STEP
    )


if __name__ == "__main__":
    main()
