"""Going back to an earlier champion, by a person's order.

What lives here: the decision document that such an order makes of the newest one, and when the order still stands. The
document counts: the month's scoring reads it, and the month after compares its candidates with the champion in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

#: ``decision`` of a document that a person has overruled.
ROLLED_BACK = "rolled_back"
#: What comes from the document of the month in which the earlier champion last was champion.
_TAKEN_OVER = ("champion", "thresholds", "costs", "model")


def rolled_back(newest: Mapping[str, Any], earlier: Mapping[str, Any]) -> dict[str, Any]:
    """The newest decision document with the champion, and the thresholds, of an earlier one.

    Parameters
    ----------
    newest
        The document of the newest decided month.
    earlier
        A document, or what one has under ``overruled``, whose champion is wanted back.

    Returns
    -------
    The newest document with the earlier champion; ``overruled`` holds what the rules had said instead, however many
    orders there have been since, so that another order can bring that back.
    """
    gone, back = newest["champion"], earlier["champion"]
    since = earlier.get("thresholds_of", earlier["month"])
    why = (
        f"rolled back by order, from {gone['name']} of {gone['month']} to {back['name']} of {back['month']},"
        f" with its thresholds of {since}"
    )
    return {
        **newest,
        **{name: earlier[name] for name in _TAKEN_OVER},
        "thresholds_of": since,
        "decision": ROLLED_BACK,
        "why": why,
        "previous": gone,
        "overruled": newest["overruled"]
        if newest["decision"] == ROLLED_BACK
        else {
            "thresholds_of": newest.get("thresholds_of", newest["month"]),
            **{name: newest[name] for name in ("month", *_TAKEN_OVER)},
        },
    }


def champions(documents: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Everything that has been champion, the overruled included, in the order of the documents."""
    for document in documents:
        if document["champion"] is not None:
            yield document
        if document["decision"] == ROLLED_BACK:
            yield document["overruled"]


def standing(decision: dict[str, Any], own: Mapping[str, Any] | None) -> dict[str, Any]:
    """The decision, unless an order of the same month stands against the very champion that it names.

    Parameters
    ----------
    decision
        What the rules say of the month.
    own
        The document that the month already has in the lake, if any.
    """
    if own is None or own["decision"] != ROLLED_BACK or decision["champion"] is None:
        return decision
    if decision["champion"]["identity"] != own["overruled"]["champion"]["identity"]:
        return decision  # another model has won since: the order was not about it
    return rolled_back(decision, own)
