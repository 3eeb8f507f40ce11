"""How numbers are written; what is missing or undefined is a dash."""

import math
from collections.abc import Callable, Mapping
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


def interval(low: float | None, high: float | None, write: Callable[[float | None], str] = rate) -> str:
    """Return both bounds of an interval, or one dash if either is missing."""
    return f"{write(low)} to {write(high)}" if known(low) and known(high) else DASH


def bounded(of: Mapping[str, float | None]) -> str:
    """Return a share in percent with its interval; the interval, or all of it, is left out where it is missing."""
    low, high = of.get("low"), of.get("high")
    value = percent(of.get("value"))
    return f"{value}, interval {percent(low)} to {percent(high)}" if known(low) and known(high) else value


def probability(value: float | None) -> str:
    """Return a p with two decimals, or what it is below."""
    if value is None or not known(value):
        return DASH
    return "< 0.001" if value < 0.001 else f"= {value:.3f}" if value < 0.01 else f"= {value:.2f}"


def ratio(part: float | None, whole: float | None) -> float | None:
    """Return a share, None where it is undefined."""
    if part is None or whole is None or not known(part) or not known(whole) or whole == 0:
        return None
    return part / whole


def plural(value: float | None, noun: str, several: str | None = None) -> str:
    """Return a count with its noun."""
    return f"{count(value)} {noun if value == 1 else several or noun + 's'}"
