"""What a parameter of a fraud type may be, by its name: so many of something, a share, a time, a sum or a factor."""

from __future__ import annotations

_COUNTED = frozenset({
    "accounts", "cards", "copies", "deposits", "orders", "parts", "purchases", "receivers", "redemptions", "rows",
    "runs", "senders", "sold_rows", "sources", "wallets",
})  # fmt: skip
_SHARES = frozenset({
    "band", "controlled", "credential_change", "decline", "device_changed", "dormant", "drop_share", "express",
    "farm_share", "from_quantile", "habitual_share", "kept", "mule_share", "near_limit", "new", "new_device",
    "nonce_mismatch", "of_limit", "quiet_share", "redeemed", "refunded", "reroute", "resale", "round",
    "second_card_share", "sold_share", "tainted", "tap_share", "unverified", "utilisation_from", "utilisation_to",
    "weak_share", "without_purchase",
})  # fmt: skip
#: By how the name ends: no campaign takes longer than a year, and nowhere is further away than the antipodes.
_BY_UNIT = {"hours": (0.0, 366 * 24.0), "days": (0.0, 366.0), "minutes": (0.0, 366 * 24 * 60.0), "km": (1.0, 20_040.0)}
_MAY_BE_NONE = frozenset({"failed_logins", "growth"})
_MOST_COUNTED = 100_000.0
#: Of sums, factors and rates: a hundredth, and what still fits into whole hundredths when it is multiplied.
_LEAST, _MOST = 0.01, 1e9


def allowed(name: str) -> tuple[float, float]:
    """The least and the greatest value of a parameter."""
    if name in _COUNTED:
        return 1.0, _MOST_COUNTED
    if name in _SHARES:
        return 0.0, 1.0
    if name in _MAY_BE_NONE:
        return 0.0, 1000.0
    return _BY_UNIT.get(name.rpartition("_")[2], (_LEAST, _MOST))
