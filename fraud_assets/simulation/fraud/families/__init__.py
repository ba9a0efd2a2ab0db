"""The mechanisms of fraud, by the family name that a scenario's fraud types refer to.

A new mechanism is one module here and one line below; a new type of an old mechanism is a section of the scenario file.
"""

from __future__ import annotations

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.fraud.families.account_takeover import AccountTakeover
from fraud_assets.simulation.fraud.families.base import Family
from fraud_assets.simulation.fraud.families.card_testing import CardTesting

#: Scenario's family name -> mechanism.
FAMILIES: dict[str, Family] = {
    "account_takeover": AccountTakeover(),
    "card_testing": CardTesting(),
}


def check(scenario: Scenario) -> None:
    """Refuse fraud types whose family does not exist or does not fit their parameters.

    Raises
    ------
    ScenarioError
        With type, family and parameter.
    """
    for name, kind in scenario.fraud.types.items():
        if kind.family not in FAMILIES:
            raise ScenarioError(
                f"scenario {scenario.name}: scenario.yaml: fraud.types.{name}: family {kind.family!r} is none of"
                f" {', '.join(sorted(FAMILIES))}"
            )
        FAMILIES[kind.family].check(name, scenario)
