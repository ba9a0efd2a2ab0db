"""The record of a month in MLflow: runs, versions and aliases.

The order is artifacts, then registration, then aliases, so that a run killed at any instant leaves no alias on anything
half-written; a repeated run picks up what is there and adds what is missing.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fraud_assets.tracking.card import model_card

if TYPE_CHECKING:
    from mlflow import MlflowClient

#: The module that MLflow loads a registered model with; it reads the document, and nothing is unpickled.
LOADER = "fraud_assets.detection.pyfunc"


@dataclass(frozen=True)
class Record:
    """One month's writing to one experiment and one registered model."""

    client: MlflowClient
    name: str
    experiment: str
    scenario: str
    dagster_run_id: str

    def month(self, candidates: Mapping[str, Any], decision: Mapping[str, Any]) -> str:
        """The parent run of the month."""
        identity = _digest({"set": candidates["origin"], "decision": _digest(decision)})
        if found := self._run(identity):
            return found
        verdict = {key: value for key, value in decision.items() if key != "model"}
        tags = {**candidates["origin"], "decision": decision["decision"], "identity": identity}
        sizes = {f"{part}_{key}": value for part, size in candidates["sizes"].items() for key, value in size.items()}
        with self._new_run(candidates["month"], tags) as run_id:
            thresholds = decision["thresholds"] or {}
            self._batch(run_id, sizes | _flat(thresholds, "threshold"), {})
            self.client.log_dict(run_id, verdict, "decision.json")
        return run_id

    def candidate(self, model: Mapping[str, Any], candidates: Mapping[str, Any] | None, parent: str | None) -> str:
        """The run of one candidate, with its model, its card and, from its own set, its figures."""
        if found := self._run(model["identity"]):
            return found
        tags = {**model["origin"], "family": model["name"], "role": model["role"], "identity": model["identity"]}
        if parent:
            tags["mlflow.parentRunId"] = parent
        with self._new_run(f"{model['origin']['month']} {model['name']}", tags) as run_id:
            figures = candidates["metrics"][model["name"]] if candidates else {}
            parameters = {
                **model["parameters"],
                "calibration": model["calibration"]["method"],
                "kept_share_of_honest_rows": model["kept_share_of_honest_rows"],
            }
            self._batch(run_id, parameters, figures)
            with tempfile.TemporaryDirectory() as folder:
                _write_artifacts(Path(folder), self.scenario, model, candidates)
                self.client.log_artifacts(run_id, folder)
        return run_id

    def study(self, study: Mapping[str, Any]) -> str:
        """The run of a study, its options nested in it."""
        # Processor time differs from run to run; what was found does not.
        found = [{key: value for key, value in option.items() if key != "seconds"} for option in study["options"]]
        identity = _digest({**study, "options": found})
        if run_id := self._run(identity):
            return run_id
        with self._new_run(f"{study['month']} study", {"month": study["month"], "identity": identity}) as run_id:
            self._batch(run_id, {"fitted_on": study["fitted_on"], "reference": study["reference"]}, {})
            for option in study["options"]:
                tags = {"option": option["name"], "group": option["group"], "mlflow.parentRunId": run_id}
                with self._new_run(f"{study['month']} {option['name']}", tags) as nested:
                    figures = {"seconds": option["seconds"]}
                    for figure in ("average_precision", "difference"):
                        figures |= {f"{figure}_{part}": number for part, number in option[figure].items()}
                    self._batch(nested, {}, figures)
                    self.client.log_dict(nested, option, "option.json")
            self.client.log_dict(run_id, dict(study), "study.json")
        return run_id

    def version(self, model: Mapping[str, Any]) -> str:
        """The registered version of a model; made from its run's artifacts where there is none yet."""
        if found := self._version(model["identity"]):
            return found
        run_id = self.candidate(model, None, None)  # there is one, unless the store has lost an old champion
        if not self.client.search_registered_models(f"name = '{self.name}'"):
            self.client.create_registered_model(self.name, description=f"Fraud models of the bank {self.scenario}")
        tags = {
            **model["origin"],
            "family": model["name"],
            "identity": model["identity"],
            "dagster_run_id": self.dagster_run_id,
        }
        source = f"{self.client.get_run(run_id).info.artifact_uri}/model"
        return str(self.client.create_model_version(self.name, source, run_id, tags=tags).version)

    def apply(self, decision: Mapping[str, Any], versions: Mapping[str, str]) -> bool:
        """Move the aliases as the decision says, unless a newer month was decided or this very decision was applied."""
        if "champion" not in versions:
            return False
        tags = self.client.get_registered_model(self.name).tags
        decided = _digest(decision)
        if decision["month"] < tags.get("decided_month", "") or tags.get("decision") == decided:
            return False
        if "challenger" in versions:
            self.client.set_registered_model_alias(self.name, "challenger", versions["challenger"])
        before = self._version(decision["previous"]["identity"]) if decision["previous"] else None
        if before is not None and before != versions["champion"]:
            self.client.set_registered_model_alias(self.name, "previous", before)
        self._crown(decision, versions["champion"])
        return True

    def order(self, decision: Mapping[str, Any], version: str, instead_of: str | None) -> None:
        """Move the aliases as a person ordered; asked a second time it changes nothing."""
        if instead_of is not None and instead_of != version:
            self.client.set_registered_model_alias(self.name, "previous", instead_of)
        self._crown(decision, version)

    def _crown(self, decision: Mapping[str, Any], version: str) -> None:
        self.client.set_registered_model_alias(self.name, "champion", version)
        self.client.set_registered_model_tag(self.name, "decided_month", decision["month"])
        self.client.set_registered_model_tag(self.name, "decision", _digest(decision))

    def _run(self, identity: str) -> str | None:
        """A run with that identity that was finished, artifacts and all."""
        wanted = f"tags.identity = '{identity}' and attributes.status = 'FINISHED'"
        found = self.client.search_runs([self.experiment], wanted, max_results=1)
        return str(found[0].info.run_id) if found else None

    def _version(self, identity: str) -> str | None:
        found = self.client.search_model_versions(
            f"name = '{self.name}' and tags.identity = '{identity}'", max_results=1
        )
        return str(found[0].version) if found else None

    @contextmanager
    def _new_run(self, title: str, tags: Mapping[str, str]) -> Iterator[str]:
        tags = {**tags, "dagster_run_id": self.dagster_run_id}
        run_id = str(self.client.create_run(self.experiment, tags=dict(tags), run_name=title).info.run_id)
        try:
            yield run_id
        except BaseException:
            self.client.set_terminated(run_id, "FAILED")
            raise
        self.client.set_terminated(run_id, "FINISHED")

    def _batch(self, run_id: str, parameters: Mapping[str, Any], figures: Mapping[str, float]) -> None:
        from mlflow.entities import Metric, Param

        self.client.log_batch(
            run_id,
            metrics=[Metric(key, value, 0, 0) for key, value in figures.items()],
            params=[Param(key, str(value)) for key, value in parameters.items()],
        )


def _digest(document: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(document, sort_keys=True).encode()).hexdigest()


def _flat(document: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Nested numbers under dotted names."""
    flat: dict[str, Any] = {}
    for key, value in document.items():
        name = f"{prefix}.{key}"
        flat |= _flat(value, name) if isinstance(value, Mapping) else {name: value}
    return flat


def _write_artifacts(
    folder: Path, scenario: str, model: Mapping[str, Any], candidates: Mapping[str, Any] | None
) -> None:
    """The files of a candidate's run: ``model/`` as MLflow loads it, the card and the curves."""
    import mlflow.pyfunc
    import pandas as pd
    from mlflow.models import ModelSignature
    from mlflow.types import ColSpec, Schema

    features, levels = model["encoder"]["features"], model["encoder"]["levels"]
    usual = {
        name: (levels[name] or [""])[0] if name in levels else value  # no level: a column that the bank does not have
        for name, value in zip(features, model["encoder"]["usual"], strict=True)
    }
    inputs = Schema([ColSpec("string" if name in levels else "double", name) for name in features])
    with tempfile.TemporaryDirectory() as data:
        document = Path(data) / "fraud_model"
        document.mkdir()
        (document / "model.json").write_text(json.dumps(model), encoding="utf-8")
        mlflow.pyfunc.save_model(
            folder / "model",
            loader_module=LOADER,
            data_path=str(document),
            signature=ModelSignature(inputs, Schema([ColSpec("double")])),
            # What is usual, feature by feature: an example that is nobody's transaction.
            input_example=pd.DataFrame([usual]),
            pip_requirements=["fraud_assets"],
        )
    (folder / "model_card.md").write_text(model_card(scenario, model, candidates), encoding="utf-8")
    if candidates is not None:
        (folder / "curves.json").write_text(json.dumps(candidates["curves"][model["name"]]), encoding="utf-8")
