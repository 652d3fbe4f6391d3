"""Numbers and names as people read them."""

import math
from collections.abc import Sequence

SUFFIXES = {1e12: "T", 1e9: "G", 1e6: "M", 1e3: "k"}
UNITS = {86400.0: "d", 3600.0: "h", 60.0: "min"}
DIGITS = 4  # significant ones of a column's typical value
SHORT = {"fid", "fd", "kid", "kd", "isc", "ppl", "ifd", "cas", "psnr", "ssim", "lpips", "l1"}


def compact(value: float) -> str:
    """Three significant digits and a suffix: 320000 is 320k."""
    rounded = float(f"{value:.3g}")
    for limit, suffix in SUFFIXES.items():
        if abs(rounded) >= limit:
            return f"{rounded / limit:.3g}{suffix}"
    return f"{rounded:.3g}"


def duration(seconds: float) -> str:
    """Seconds in the largest unit that fits: 5400 is 1.5 h."""
    for limit, unit in UNITS.items():
        if seconds >= limit:
            return f"{float(f'{seconds / limit:.3g}'):g} {unit}"
    return f"{seconds:.0f} s"


def decimals(values: Sequence[float]) -> int:
    """Decimals that give a column's middle value four significant digits, the same for all so that they align."""
    sizes = sorted(abs(value) for value in values if value and math.isfinite(value))
    if not sizes:
        return 1
    return min(max(DIGITS - 1 - math.floor(math.log10(sizes[len(sizes) // 2])), 0), 6)


def fixed(value: float, places: int) -> str:
    """So many decimals; with an exponent what would be all digits or none."""
    plain = f"{value:,.{places}f}"
    vanishes = value != 0 and not float(plain.replace(",", ""))
    return f"{value:.2e}" if vanishes or abs(value) >= 1e7 else plain


def metric_label(name: str, extractor: str | None) -> str:
    """A result's name without the extractor that the board names anyway: kd_vgg16_mean is "KD mean" of vgg16."""
    stem = name.replace(f"_{extractor}", "") if extractor else name
    return " ".join(part.upper() if part in SHORT else part for part in stem.split("_"))


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"
