"""MLflow: runs of the candidates, versions of the registered model, and its aliases.

What lives here: the Dagster resource, the only door to MLflow (``reach`` finds it, ``record`` writes to it). What
does not: training and deciding, which finish without it: MLflow is the record of what was decided, and no part of the
chain reads it back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dagster as dg

from fraud_assets.tracking.reach import MlflowError, client, public, tracking_uri
from fraud_assets.tracking.record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Logged", "MlflowError", "MlflowResource", "tracking_uri"]


@dataclass(frozen=True)
class Logged:
    """Where a month's record is: the parent run, the registered model and the version of the month's best candidate."""

    run_id: str | None
    run_url: str | None
    model: str
    version: str | None
    champion_version: str | None
    aliases_moved: bool


class MlflowResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """MLflow as the environment names it: ``MLFLOW_TRACKING_URI``, else an SQLite file under the instance's folder.

    Attributes
    ----------
    lake_root
        Root of the lake, a path or ``s3://bucket/prefix``; artifacts go to ``<root>/mlflow``. With a tracking server
        and a lake on this machine's disk, to where the server keeps them instead.
    """

    lake_root: str

    def log_candidates(
        self, scenario: str, candidates: Mapping[str, Any], decision: Mapping[str, Any], dagster_run_id: str
    ) -> Logged:
        """Record a month: a parent run, a nested run a candidate, a version of the best, and the aliases.

        Parameters
        ----------
        scenario
            Name of the bank; the registered model is ``<scenario>-fraud``.
        candidates
            The document of the month's candidates; nothing is logged of an empty set.
        decision
            The month's decision document.
        dagster_run_id
            Noted on what is new.

        Returns
        -------
        Where the record is. The same inputs again add no run and no version. Aliases follow the decision document, and
        only that of the newest decided month; a decision that was applied once is not applied again, so that it does
        not undo a :meth:`roll_back`.

        Raises
        ------
        MlflowError
            If MLflow cannot be reached within seconds, or its address is of no use.
        """
        name = f"{scenario}-fraud"
        with client() as mlflow:
            record = Record(mlflow, name, self._experiment(mlflow, name), scenario, dagster_run_id)
            models = candidates["models"]
            parent = record.month(candidates, decision) if models else None
            for model in models.values():
                record.candidate(model, candidates, parent)
            versions = {role: record.version(model) for role, model in _to_register(candidates, decision).items()}
            moved = record.apply(decision, versions)
        return Logged(
            run_id=parent,
            run_url=self._run_url(record.experiment, parent),
            model=name,
            version=versions.get("challenger"),
            champion_version=versions.get("champion"),
            aliases_moved=moved,
        )

    def roll_back(self, scenario: str) -> str:
        """Give the alias ``champion`` back to the version that had it before; returns that version.

        The two change places, so that a second call undoes the first.

        Raises
        ------
        MlflowError
            If there is no version to go back to, or MLflow cannot be reached.
        """
        name = f"{scenario}-fraud"
        with client() as mlflow:
            aliases = _aliases(mlflow, name)
            if "champion" not in aliases or "previous" not in aliases:
                raise MlflowError(
                    f"the registered model {name} has no version under the alias previous;"
                    " there is something to go back to once a second champion was promoted"
                )
            mlflow.set_registered_model_alias(name, "previous", aliases["champion"])
            mlflow.set_registered_model_alias(name, "champion", aliases["previous"])
            return aliases["previous"]

    def _experiment(self, mlflow: MlflowClient, name: str) -> str:
        found = mlflow.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(mlflow.create_experiment(name, artifact_location=self._artifacts(name)))

    def _artifacts(self, name: str) -> str | None:
        root = self.lake_root.rstrip("/")
        if "://" in root:
            return f"{root}/mlflow/{name}"
        if tracking_uri().startswith("http"):
            return None
        return f"{Path(root).expanduser().absolute().as_uri()}/mlflow/{name}"

    def _run_url(self, experiment: str, run_id: str | None) -> str | None:
        uri = tracking_uri()
        return f"{public(uri)}/#/experiments/{experiment}/runs/{run_id}" if run_id and uri.startswith("http") else None


def _to_register(candidates: Mapping[str, Any], decision: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """The month's best, and the champion, which the store may have lost or never seen."""
    models: dict[str, Mapping[str, Any]] = {}
    if challenger := decision["challenger"]:
        models["challenger"] = candidates["models"][challenger["name"]]
    if decision["model"]:
        models["champion"] = decision["model"]
    return models


def _aliases(mlflow: MlflowClient, name: str) -> dict[str, str]:
    found = mlflow.search_registered_models(f"name = '{name}'")
    return {alias: str(version) for alias, version in found[0].aliases.items()} if found else {}
