"""The mechanisms of fraud, by the family name that a scenario's fraud types refer to.

A new mechanism is one module here and one line below; a new type of an old mechanism is a section of the scenario file.
"""

from __future__ import annotations

from fraud_assets.scenario import Scenario, ScenarioError
from fraud_assets.simulation.fraud.families.account_takeover import AccountTakeover
from fraud_assets.simulation.fraud.families.base import Family
from fraud_assets.simulation.fraud.families.bust_out import BustOut
from fraud_assets.simulation.fraud.families.card_cloning import CardCloning
from fraud_assets.simulation.fraud.families.card_testing import CardTesting
from fraud_assets.simulation.fraud.families.friendly_fraud import FriendlyFraud
from fraud_assets.simulation.fraud.families.hop_chain import HopChain
from fraud_assets.simulation.fraud.families.loyalty_abuse import LoyaltyAbuse
from fraud_assets.simulation.fraud.families.merchant_collusion import MerchantCollusion
from fraud_assets.simulation.fraud.families.mule_account import MuleAccount
from fraud_assets.simulation.fraud.families.push_payment import PushPayment
from fraud_assets.simulation.fraud.families.redemption_burst import RedemptionBurst
from fraud_assets.simulation.fraud.families.refund_fraud import RefundFraud
from fraud_assets.simulation.fraud.families.ring_bust_out import RingBustOut
from fraud_assets.simulation.fraud.families.shipping_fraud import ShippingFraud
from fraud_assets.simulation.fraud.families.stolen_card import StolenCard
from fraud_assets.simulation.fraud.families.structuring import Structuring
from fraud_assets.simulation.fraud.families.suspicious_deposit import SuspiciousDeposit
from fraud_assets.simulation.fraud.families.transaction_replay import TransactionReplay
from fraud_assets.simulation.fraud.families.velocity_abuse import VelocityAbuse

#: Scenario's family name -> mechanism.
FAMILIES: dict[str, Family] = {
    "account_takeover": AccountTakeover(),
    "bust_out": BustOut(),
    "card_cloning": CardCloning(),
    "card_testing": CardTesting(),
    "merchant_collusion": MerchantCollusion(),
    "mule_account": MuleAccount(),
    "push_payment": PushPayment(),
    "refund_fraud": RefundFraud(),
    "ring_bust_out": RingBustOut(),
    "structuring": Structuring(),
    "friendly_fraud": FriendlyFraud(),
    "loyalty_abuse": LoyaltyAbuse(),
    "shipping_fraud": ShippingFraud(),
    "stolen_card": StolenCard(),
    "transaction_replay": TransactionReplay(),
    "velocity_abuse": VelocityAbuse(),
    "hop_chain": HopChain(),
    "redemption_burst": RedemptionBurst(),
    "suspicious_deposit": SuspiciousDeposit(),
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
