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
from pydantic import Field

from fraud_assets.tracking.reach import MlflowError, check_reachable, client, is_misread, public, tracking_uri
from fraud_assets.tracking.record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient

__all__ = ["Logged", "MlflowError", "MlflowResource", "check_reachable", "is_misread", "tracking_uri"]


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

    Artifacts go to ``<lake_root>/mlflow``; with a tracking server and a lake on this machine's disk, to where the
    server keeps them instead.
    """

    lake_root: str = Field(
        description="Root of the lake, a folder or s3://bucket/prefix: the models' files go to mlflow/ under it"
    )

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Say before the first step if MLflow cannot be reached; the tables are made all the same."""
        try:
            check_reachable()
        except MlflowError as error:
            if context.log:
                context.log.warning(
                    f"{error}; the month's tables are made all the same, but champion and what follows it will fail"
                )

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
        only that of the newest decided month; the decision that was applied last is not applied again.

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

    def log_study(self, scenario: str, study: Mapping[str, Any], dagster_run_id: str) -> str | None:
        """Record a study: a run with the whole of it and a nested run an option; nothing is registered.

        Returns
        -------
        The run; None where there was nothing to study. The same study again adds no run.
        """
        if not study["options"]:
            return None
        name = f"{scenario}-study"
        with client() as mlflow:
            return Record(mlflow, name, self._experiment(mlflow, name), scenario, dagster_run_id).study(study)

    def earlier_version(self, scenario: str, version: str | None = None) -> tuple[str, str]:
        """A version to go back to, by default that under the alias ``previous``, and the identity of its model.

        Raises
        ------
        MlflowError
            If there is none, or MLflow cannot be reached.
        """
        name = f"{scenario}-fraud"
        with client() as mlflow:
            if version is None:
                version = _aliases(mlflow, name).get("previous")
            if version is None:
                raise MlflowError(
                    f"the registered model {name} has no version under the alias previous;"
                    " there is something to go back to once a second champion was promoted"
                )
            known = {str(v.version): v.tags["identity"] for v in mlflow.search_model_versions(f"name = '{name}'")}
            if version not in known:
                raise MlflowError(f"{name} has no version {version}; it has {', '.join(sorted(known, key=int))}")
            return version, known[version]

    def roll_back(self, scenario: str, decision: Mapping[str, Any], version: str) -> None:
        """Give the alias ``champion`` to the version, and ``previous`` to the one that had it.

        Parameters
        ----------
        decision
            The document with which the version became champion again; it counts as applied, so that materializing its
            month again moves nothing.
        """
        name = f"{scenario}-fraud"
        with client() as mlflow:
            Record(mlflow, name, "", scenario, "").order(decision, version, _aliases(mlflow, name).get("champion"))

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
