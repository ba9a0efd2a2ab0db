"""One order: back to an earlier champion, in the newest decision document and then in the registry."""

from __future__ import annotations

import json
from typing import Any

from fraud_assets.assets.files import months_in_lake
from fraud_assets.detection.rollback import ROLLED_BACK, champions, rolled_back
from fraud_assets.lake.documents import to_json
from fraud_assets.lake.paths import Place
from fraud_assets.lake.store import Lake
from fraud_assets.lake.writing import write_bytes
from fraud_assets.scenario import Bank
from fraud_assets.tracking import MlflowError, MlflowResource

_ASSET = "champion"


def roll_back(lake: Lake, bank: Bank, mlflow: MlflowResource, version: str | None = None) -> dict[str, Any]:
    """Make an earlier champion the champion of the newest decided month, and give it the alias.

    Parameters
    ----------
    version
        A version of the registered model that was champion in a month of the lake; without it, the one under the alias
        ``previous``.

    Returns
    -------
    The new decision document. The month's ``scored_transactions`` and what follows are to be materialized again; the
    month after follows by itself.

    Raises
    ------
    MlflowError
        If there is no such version, it never was champion, or it is the champion.
    """
    months = months_in_lake(lake, bank, _ASSET)
    documents = [json.loads(lake.read_bytes(Place(bank.name, _ASSET, month).value)) for month in months]
    if not documents or documents[-1]["champion"] is None:
        raise MlflowError(f"{bank.name} has no champion in the lake {lake.url}: there is nothing to go back from")
    newest = documents[-1]
    wanted, identity = mlflow.earlier_version(bank.name, version)
    if newest["champion"]["identity"] == identity:
        if newest["decision"] != ROLLED_BACK:
            raise MlflowError(f"version {wanted} is the champion of {bank.name} {months[-1]}; name another with --to")
        document = newest  # an order that was killed before its second half
    else:
        was = [one for one in champions(documents) if one["champion"]["identity"] == identity]
        if not was:
            raise MlflowError(
                f"version {wanted} of {bank.name}-fraud was champion in no month of the lake {lake.url}, so it has no"
                " thresholds; name one that was"
            )
        document = rolled_back(newest, was[-1])
        # The document first: it counts. Killed in between, the same order again brings the aliases after it.
        write_bytes(lake, Place(bank.name, _ASSET, months[-1]).value, to_json(document))
    mlflow.roll_back(bank.name, document, wanted)
    return document
