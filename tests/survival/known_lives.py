"""Lives of the literature, and random ones."""

from __future__ import annotations

import numpy as np

from gateway.survival.lifetimes import Lifetimes, lifetimes

_SHOCKS = (
    "6700* 6950 7820 8790 9120* 9660 9820 11310 11690 11850 11880 12140 12200* 12870 13150* 13330 13470 14040 14300*"
    " 17520* 17540 17890 18450 18960 18980 19410 20100* 20100 20150 20320 20900* 22700* 23490 26510* 27410 27490*"
    " 27890 28100"
)
_TREATED = "6* 6* 6* 6 7* 9 10* 10 11 13* 16* 17 19 20 22* 23* 25 32 32 34 35"
_PLACEBO = "1* 1* 2* 2* 3* 4* 4* 5* 5* 8* 8* 8* 8* 11* 11* 12* 12* 15* 17* 22* 23*"


def _read(text: str) -> Lifetimes:
    words = text.split()
    return lifetimes([float(word.rstrip("*")) for word in words], [word.endswith("*") for word in words])


SHOCK_ABSORBERS = _read(_SHOCKS)
"""Kilometres of 38 vehicle shock absorbers, * failed (O'Connor 1985; Meeker and Escobar 1998, table C.2)."""
LEUKAEMIA_TREATED = _read(_TREATED)
"""Weeks of remission under 6-mercaptopurine, * relapsed (Freireich et al. 1963)."""
LEUKAEMIA_PLACEBO = _read(_PLACEBO)
"""The same without."""


def random_lives(
    seed: int, *, shape: float = 2.2, scale: float = 10.0, size: int = 150, truncated: bool = False
) -> Lifetimes:
    """Weibull lives, watched each to an age of its own, half of them only from mid-life on where `truncated`."""
    rng = np.random.default_rng(seed)
    life, watched = scale * rng.weibull(shape, 4 * size), rng.uniform(0.3 * scale, 2.0 * scale, 4 * size)
    came = np.where(rng.random(4 * size) < 0.5, rng.uniform(0.0, 0.8 * scale, 4 * size), 0.0) * truncated
    seen = np.flatnonzero(came < np.minimum(life, watched))[:size]
    return lifetimes(np.minimum(life, watched)[seen], (life <= watched)[seen], came[seen])
