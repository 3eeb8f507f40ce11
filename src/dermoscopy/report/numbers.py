"""How numbers are written; what is missing or undefined is a dash."""

import math
from numbers import Real

DASH = "–"


def known(value: object) -> bool:
    """Return whether a value is a number one can write."""
    return isinstance(value, Real) and not isinstance(value, bool) and math.isfinite(value)


def rate(value: float | None) -> str:
    """Return a metric with three decimals."""
    return f"{value:.3f}" if value is not None and known(value) else DASH


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share from 0 to 1 in percent."""
    return f"{100 * value:.{digits}f} %" if value is not None and known(value) else DASH


def signed(value: float | None) -> str:
    """Return a difference with its sign and three decimals."""
    return f"{value:+.3f}".replace("-", "−") if value is not None and known(value) else DASH


def count(value: float | None) -> str:
    """Return a whole number, thousands apart."""
    return f"{value:,.0f}" if value is not None and known(value) else DASH


def interval(low: float | None, high: float | None) -> str:
    """Return both bounds of an interval, or one dash if either is missing."""
    return f"{rate(low)} to {rate(high)}" if known(low) and known(high) else DASH


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share, None where it is undefined."""
    if part is None or whole is None or not known(part) or not known(whole) or whole == 0:
        return None
    return part / whole


def total(*parts: float | None) -> float | None:
    """Return a sum, None where a part is missing."""
    return sum(part for part in parts if part is not None) if all(known(part) for part in parts) else None


def plural(value: float | None, noun: str, several: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count(value)} {noun if value == 1 else several or noun + 's'}"
