"""The documentation page of the features, written from the registry."""

from __future__ import annotations

import sys

from fraud_assets.features.registry import FAMILIES, KEYS, REACH, REGISTRY
from fraud_assets.features.views import DETECTOR_SCORES, VIEWS

_HEAD = """# Features

This page is written from the feature registry (`python -m fraud_assets.features.page > docs/features.md`).

A row of `transaction_features` is a debit of the ledger, with what the bank knew just before it. The rules:

- A window of length w before an event at t is [t - w, t): rows at the same instant see neither each other.
- An *attempt* is any payment out of the account; a *payment* is one that was not declined at the time. Attempts count
  for velocity, payments for spending and habits. Income enters only what is about money passing through; refunds and
  reversals only `refund_share_c_30d` and `m_refund_rate_30d`.
- Knowledge counts from the instant it reached the bank: a report from `reported_at` plus the delay below, a posting
  from `posted_at`. The row's own status, truth and later reports are never read.
- Population figures come from `population_statistics`: the three months before, for every row of the month.
- Nothing reaches more than {reach} days back. "New" means not seen in that time; `history_days` says how much there
  was.
- What other customers did at a merchant counts once the hour is over (`merchant_activity`); what they did on a device,
  at a network address or to a payee once the day (UTC) is over (`shared_entities`). Versions and first use of devices
  are those of the month before; in a bank's first month, what its own table says was used before it, without versions.
- A value is null where what it needs is missing (no coordinates, no payday on file, no population yet, a bank without
  a table of logins), never a guess.
- Past attempts are judged by the anomaly rules as they were when they were made, by the 54 days before each.
- Amounts, distances, times and logarithms are summed as integers, so no sum depends on what else is computed with it.

The same function computes a month and a single event. {count} features in {families} families:
"""


def features_page() -> str:
    """The page as Markdown: the rules, the key columns, and a table for each family."""
    lines = [_HEAD.format(reach=REACH.days, count=len(REGISTRY), families=len(FAMILIES))]
    lines += ["## Keys", "", "| column | type | what |", "|---|---|---|"]
    lines += [f"| `{name}` | {dtype} | {text} |" for name, (dtype, text) in KEYS.items()]
    for family in FAMILIES:
        lines += ["", f"## {family.name.capitalize()} ({len(family.features)})", ""]
        lines += [
            "| feature | definition | unit | type | key | window | delay | cost |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for f in family.features:
            cells = (
                f"`{f.name}`",
                f.definition,
                f.unit,
                f.dtype.__name__,
                f.key,
                f.window or "-",
                f.delay or "-",
                f.cost,
            )
            lines.append(f"| {' | '.join(cells)} |")
    for view, groups in VIEWS.items():
        sizes = ", ".join(f"{len(columns)} {group}" for group, columns in groups.items())
        lines += ["", f"## View {view} ({sizes})", ""]
        lines += [f"The scores {', '.join(f'`{name}`' for name in DETECTOR_SCORES)} join at training.", ""]
        lines += [f"- {group}: {', '.join(f'`{name}`' for name in columns)}" for group, columns in groups.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(features_page())
