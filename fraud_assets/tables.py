"""The tables of the lake: columns, types, units and rules.

What lives here: one dataframely schema a table. They feed the column schemas in the UI and the blocking schema checks.
What does not: how rows come to be (simulation, ingestion) and the feature table, whose schema is the
feature registry's.

Conventions: instants are UTC with microsecond type; amounts are major units (dollars, rupees) with two decimals; ids
are non-negative 63-bit integers that tell nothing; the partition's month is in the folder name, never in the file. A
column with ``metadata={"hidden": True}`` is truth: only evaluation, gates and exports may read its table. Every number
that is not an id says its unit in ``metadata``. docs/tables.md is written from here (``fraud_assets.document``).
"""

from __future__ import annotations

from typing import Any

import dataframely as dy
import polars as pl

from fraud_assets.codes import (
    ANOMALY_TYPES,
    CARD_TYPES,
    CHANNELS,
    DECISIONS,
    DECLINE_REASONS,
    DEVICE_KINDS,
    DIRECTIONS,
    ENTRY_MODES,
    KINDS,
    LOGIN_EVENTS,
    REPORT_KINDS,
    REPORT_SOURCES,
    RISK_LEVELS,
    SEVERITIES,
    SHARED_KINDS,
    SKILLS,
    STATUSES,
    TRENDS,
)

HIDDEN: dict[str, Any] = {"hidden": True}

#: Units of numbers, for ``metadata``; with ``HIDDEN | MONEY`` both.
MONEY = {"unit": "major units"}
LOG_MONEY = {"unit": "ln(major units)"}
DEGREES = {"unit": "degrees"}
YEARS = {"unit": "years"}
MINUTES = {"unit": "minutes"}
HOURS = {"unit": "hours"}
DAYS = {"unit": "days"}
KILOMETRES = {"unit": "km"}
DAY_OF_MONTH = {"unit": "day of month"}
COUNT = {"unit": "count"}
RATIO = {"unit": "ratio"}
RANK = {"unit": "rank"}
SCORE = {"unit": "score"}


def _id(description: str, **options: Any) -> dy.Int64:
    return dy.Int64(min=0, description=description, **options)


def _instant(description: str, **options: Any) -> dy.Datetime:
    return dy.Datetime(time_unit="us", time_zone="UTC", description=description, **options)


class Customers(dy.Schema):
    """A customer who has joined by the end of the month, with what the bank has on file at that time."""

    customer_id = _id("Account number; grows with the place in the bank's files", primary_key=True)
    registered_at = dy.Date(description="Local day on which the customer joined")
    age = dy.Int16(min=16, max=110, description="Age in years at the start of the month", metadata=YEARS)
    age_group = dy.String(description="Age band, for example 25-34")
    gender = dy.String(description="F, M or X")
    occupation = dy.String(description="One of the scenario's occupations")
    income_bracket = dy.String(description="One of the scenario's six income brackets")
    annual_income = dy.Float64(min=0, description="Declared yearly income, major units", metadata=MONEY)
    segment = dy.String(description="One of the scenario's seven customer segments")
    home_city = dy.String(description="City of residence")
    home_state = dy.String(description="State or region of residence")
    home_country = dy.String(description="ISO 3166 country code of residence")
    home_latitude = dy.Float64(min=-90, max=90, description="Residence, degrees north", metadata=DEGREES)
    home_longitude = dy.Float64(min=-180, max=180, description="Residence, degrees east", metadata=DEGREES)
    city_tier = dy.Int8(min=1, max=3, description="1 = metropolis, 2 = large city, 3 = other", metadata=RANK)
    time_zone = dy.String(description="IANA time zone of the residence")
    address_id = _id("Postal address; shared by a household")
    digital_savviness = dy.String(description="low, medium or high")
    risk_profile = dy.String(description="conservative, moderate or aggressive, from the account-opening form")
    merchant_loyalty = dy.String(description="low, medium or high: faithful to merchants, by the bank's own survey")
    preferred_hours = dy.String(description="Local hours of most activity, for example 17-21")
    preferred_categories = dy.String(description="Favourite spending categories, separated by ;")
    preferred_methods = dy.String(description="Favourite payment methods, separated by ;")
    kyc_status = dy.String(description="verified, pending or expired")
    kyc_level = dy.String(description="How well the customer has been identified: none, basic or full; banks: full")
    daily_limit = dy.Float64(min=0, description="Highest total of a day, major units", metadata=MONEY)
    transaction_limit = dy.Float64(min=0, description="Highest single payment, major units", metadata=MONEY)
    credit_limit = dy.Float64(min=0, description="Credit line, major units", metadata=MONEY)
    payday = dy.Int8(
        min=1,
        max=31,
        description="Day of month on which the salary arrives (the last day if the month is shorter)",
        metadata=DAY_OF_MONTH,
    )


class Devices(dy.Schema):
    """A customer's device or a merchant's payment terminal in use during the month or before."""

    device_id = _id("Device fingerprint or terminal number", primary_key=True)
    customer_id = _id("First owner; null for a terminal", nullable=True)
    merchant_id = _id("Owner of a terminal; null for a customer's device", nullable=True)
    kind = dy.Enum(DEVICE_KINDS, description="phone, laptop, tablet or terminal")
    os = dy.String(description="Operating system")
    os_version = dy.String(description="Version of the operating system in the month")
    app_version = dy.String(description="Version of the bank's app; null for laptops and terminals", nullable=True)
    browser = dy.String(description="Browser family; null for terminals", nullable=True)
    first_used_at = _instant("First time the bank saw it")
    is_shared = dy.Bool(description="Used by several members of a household")


class Merchants(dy.Schema):
    """A merchant or other business recipient."""

    merchant_id = _id("Merchant number at the acquirer", primary_key=True)
    name = dy.String(description="Name as printed on the statement")
    category = dy.String(description="Kind of entity, for example Grocery")
    sub_category = dy.String(description="Finer kind, for example supermarket")
    method = dy.String(description="Payment method through which it is paid most")
    is_online = dy.Bool(description="True where there is no place to go to")
    is_chain = dy.Bool(description="True for an outlet of a chain, false for a local business")
    tier = dy.Int8(min=1, max=3, description="Size: 1 = national, 2 = regional, 3 = local", metadata=RANK)
    reputation = dy.Float64(min=0, max=1, description="The acquirer's standing, 1 = best", metadata=RATIO)
    opened_on = dy.Date(description="First day of business with the acquirer")
    city = dy.String(description="City; null for an online merchant", nullable=True)
    state = dy.String(description="State or region; null for an online merchant", nullable=True)
    country = dy.String(description="ISO 3166 country code")
    latitude = dy.Float64(
        min=-90, max=90, description="Degrees north; null for an online merchant", nullable=True, metadata=DEGREES
    )
    longitude = dy.Float64(
        min=-180, max=180, description="Degrees east; null for an online merchant", nullable=True, metadata=DEGREES
    )


class Logins(dy.Schema):
    """A login attempt or a change of credentials."""

    login_id = _id("Session number", primary_key=True)
    customer_id = _id("Whose account")
    event_time = _instant("When it happened")
    utc_offset_minutes = dy.Int16(
        min=-720, max=840, description="Local time minus UTC at the customer's home", metadata=MINUTES
    )
    event = dy.Enum(LOGIN_EVENTS, description="login, password_reset, credential_change or phone_change")
    is_success = dy.Bool(description="False for a failed attempt")
    device_id = _id("Device that was used")
    ip_address = dy.String(description="IPv4 address; of a simulated bank in 240.0.0.0/4, which is nobody's")
    city = dy.String(description="City of the address, by geolocation")
    latitude = dy.Float64(min=-90, max=90, description="Degrees north, by geolocation", metadata=DEGREES)
    longitude = dy.Float64(min=-180, max=180, description="Degrees east, by geolocation", metadata=DEGREES)


class Transactions(dy.Schema):
    """The ledger: everything that happened, as the bank sees it, honest, erroneous and fraudulent alike.

    Sorted by (customer_id, event_time, transaction_id).
    """

    transaction_id = _id("Unique number, a keyed hash", primary_key=True)
    customer_id = _id("Whose account")
    event_time = _instant("When it was authorised or attempted")
    utc_offset_minutes = dy.Int16(
        min=-720,
        max=840,
        description="Local time minus UTC where who pays is; the address of a relay or VPN may lie in another zone",
        metadata=MINUTES,
    )
    posted_at = _instant("When it reached the books; later for offline terminals, hotels and transit")
    method = dy.String(description="Payment method, one of the scenario's")
    channel = dy.Enum(CHANNELS, description="card_present, online, app or bank")
    kind = dy.Enum(
        KINDS,
        description="purchase, bill, transfer, withdrawal (of cash; of tokens to a bank or exchange), income (salary,"
        " money from persons, deposit), refund or reversal",
    )
    direction = dy.Enum(DIRECTIONS, description="debit: money leaves the account; credit: money arrives")
    category = dy.String(description="Kind of recipient, for example Grocery or Person-to-Person")
    amount = dy.Float64(min=0.01, description="Amount, major units, two decimals, always positive", metadata=MONEY)
    currency = dy.String(description="ISO 4217 code of the amount")
    token = dy.String(
        description="What was moved, for example BTC, valued at that moment; null where it was the currency itself",
        nullable=True,
    )
    recipient_entity = dy.String(
        description="Recipient as entered, or sender where money arrives: a brand, user_ and ten digits, an address"
    )
    merchant_id = _id("Business recipient; null for a person", nullable=True)
    payee_id = _id("Recipient that is a person or an account; null for a business", nullable=True)
    card_id = _id("Card that was used; null where an account was", nullable=True)
    card_type = dy.Enum(CARD_TYPES, description="What kind of card it is; null where none was used", nullable=True)
    entry_mode = dy.Enum(ENTRY_MODES, description="How the instrument was read")
    device_id = _id(
        "Customer's device; null at a terminal, for a standing order, and where an online shop does not pass it on",
        nullable=True,
    )
    terminal_id = _id("Merchant's terminal; null elsewhere", nullable=True)
    ip_address = dy.String(
        description="IPv4 address, of a simulated bank in 240.0.0.0/4, which is nobody's; null at a terminal",
        nullable=True,
    )
    city = dy.String(description="Where it happened: the terminal's city or the address's geolocation")
    state = dy.String(description="State or region of that city")
    country = dy.String(description="ISO 3166 country code of that city")
    latitude = dy.Float64(min=-90, max=90, description="Degrees north", metadata=DEGREES)
    longitude = dy.Float64(min=-180, max=180, description="Degrees east", metadata=DEGREES)
    status = dy.Enum(STATUSES, description="approved, declined or pending at event_time")
    decline_reason = dy.Enum(DECLINE_REASONS, description="Why; null unless declined", nullable=True)
    original_transaction_id = _id("What a refund or reversal refers to", nullable=True)
    delivery_address_id = _id(
        "Postal address to which goods bought online go, numbered as customers' are; null where nothing is sent",
        nullable=True,
    )
    is_express_delivery = dy.Bool(description="Ordered to arrive fast; null where nothing is sent", nullable=True)


class FraudCampaigns(dy.Schema):
    """A campaign alive in the month: a pure plan, hidden from every model."""

    campaign_id = _id("Unique number", primary_key=True, metadata=HIDDEN)
    fraud_type = dy.String(description="One of the scenario's fraud types", metadata=HIDDEN)
    actor_id = _id("Who runs it; actors return and reuse devices, addresses and merchants", metadata=HIDDEN)
    parent_campaign_id = _id("Campaign that supplied its material", nullable=True, metadata=HIDDEN)
    starts_at = _instant("First possible row", metadata=HIDDEN)
    ends_at = _instant("No row at or after it", metadata=HIDDEN)
    skill = dy.Enum(SKILLS, description="How well the actor imitates the victim", metadata=HIDDEN)
    victims = dy.Int32(min=0, description="Accounts it works on", metadata=HIDDEN | COUNT)
    planned_rows = dy.Int32(min=0, description="Ledger rows it plans over its whole life", metadata=HIDDEN | COUNT)
    parameters = dy.String(description="The drawn parameters, JSON", metadata=HIDDEN)


class LabeledAnomalies(dy.Schema):
    """A ledger row that is not ordinary, with its truth and with the keys that reports need.

    Sorted by (customer_id, event_time, transaction_id).
    """

    transaction_id = _id("The ledger row", primary_key=True, metadata=HIDDEN)
    customer_id = _id("Whose account", metadata=HIDDEN)
    event_time = _instant("The ledger row's time", metadata=HIDDEN)
    amount = dy.Float64(min=0.01, description="The ledger row's amount", metadata=HIDDEN | MONEY)
    status = dy.Enum(STATUSES, description="The ledger row's status", metadata=HIDDEN)
    merchant_id = _id("The ledger row's merchant", nullable=True, metadata=HIDDEN)
    payee_id = _id("The ledger row's payee", nullable=True, metadata=HIDDEN)
    device_id = _id("The ledger row's device", nullable=True, metadata=HIDDEN)
    is_fraud = dy.Bool(description="True for a row of a campaign", metadata=HIDDEN)
    fraud_type = dy.String(description="The campaign's type", nullable=True, metadata=HIDDEN)
    campaign_id = _id("The campaign", nullable=True, metadata=HIDDEN)
    fraud_confidence = dy.Float64(
        min=0,
        max=1,
        nullable=True,
        metadata=HIDDEN | RATIO,
        description="How sure an investigator with all evidence would be",
    )
    fraud_severity = dy.Enum(
        SEVERITIES, nullable=True, metadata=HIDDEN, description="From the loss of row and campaign"
    )
    fraud_evidence = dy.String(nullable=True, metadata=HIDDEN, description="What the campaign did in this row, JSON")
    anomaly_type = dy.Enum(
        ANOMALY_TYPES, nullable=True, metadata=HIDDEN, description="Kind of unusual behaviour, fraud or not"
    )
    lookalike_of = dy.String(nullable=True, metadata=HIDDEN, description="Fraud type that this honest row resembles")
    is_accident_burst = dy.Bool(description="An extra row of an accidental burst", metadata=HIDDEN)
    is_high_amount_accident = dy.Bool(
        description="Amount far above the method's normal maximum, by mistake", metadata=HIDDEN
    )
    is_mistyped_entity_accident = dy.Bool(description="Recipient mistyped", metadata=HIDDEN)
    original_recipient_entity = dy.String(
        nullable=True, metadata=HIDDEN, description="The recipient that was meant, where it was mistyped"
    )
    is_false_report = dy.Bool(description="An honest row that its customer reports as fraud in error", metadata=HIDDEN)


class IncidentReports(dy.Schema):
    """What the bank learned in this month about a transaction of this or an earlier month: knowledge, not truth."""

    transaction_id = _id("The reported ledger row", primary_key=True)
    event_time = _instant("The ledger row's time")
    customer_id = _id("Whose account")
    merchant_id = _id("The ledger row's merchant", nullable=True)
    payee_id = _id("The ledger row's payee", nullable=True)
    device_id = _id("The ledger row's device", nullable=True)
    reported_at = _instant("When the bank learned of it")
    kind = dy.Enum(REPORT_KINDS, primary_key=True, description="What it is said to be")
    reported_type = dy.String(nullable=True, description="Fraud type as the bank's staff filed it, often coarse")
    source = dy.Enum(REPORT_SOURCES, description="Who told the bank")


class PopulationStatistics(dy.Schema):
    """How often, and with what amounts, a kind of payment occurred in the three months before."""

    dimension = dy.String(primary_key=True, description="category, channel, method, hour or all")
    value = dy.String(primary_key=True, description="The category, channel, method or local hour")
    rows = dy.Int64(min=0, description="Approved ledger rows", metadata=COUNT)
    share = dy.Float64(min=0, max=1, description="Share of all approved rows", metadata=RATIO)
    log_amount_mean = dy.Float64(
        nullable=True, description="Mean of the natural logarithm of the amount", metadata=LOG_MONEY
    )
    log_amount_std = dy.Float64(nullable=True, description="Standard deviation of that logarithm", metadata=LOG_MONEY)


class MerchantActivity(dy.Schema):
    """What went on at a merchant in an hour that has a row of the month, and what was known when it began."""

    merchant_id = _id("The merchant", primary_key=True)
    hour = _instant("Beginning of the hour", primary_key=True)
    attempts = dy.Int64(min=0, description="Debits of the hour, declined ones included", metadata=COUNT)
    approved = dy.Int64(min=0, description="Debits of the hour that were not declined", metadata=COUNT)
    declined = dy.Int64(min=0, description="Declined debits of the hour", metadata=COUNT)
    small = dy.Int64(min=0, description="Debits of the hour far below the category's usual amount", metadata=COUNT)
    refunds = dy.Int64(min=0, description="Refunds of the hour", metadata=COUNT)
    customers = dy.Int64(min=0, description="Different customers of the hour's debits", metadata=COUNT)
    known_fraud_rate_1d = dy.Float64(
        min=0, description="Frauds reported in a day per payment of a day, a week before the hour", metadata=RATIO
    )
    known_fraud_rate_7d = dy.Float64(min=0, description="The same over 7 days", metadata=RATIO)
    known_fraud_rate_30d = dy.Float64(min=0, description="The same over 30 days", metadata=RATIO)
    count_1h_z = dy.Float64(
        description="Debits of the hour before against the mean of 30 days", metadata={"unit": "deviations"}
    )
    decline_rate_1h = dy.Float64(
        min=0,
        max=1,
        nullable=True,
        description="Declined share of the hour before; null without a debit",
        metadata=RATIO,
    )
    small_amount_share_1h = dy.Float64(
        min=0,
        max=1,
        nullable=True,
        description="Share of small ones in the hour before; null without a debit or a known usual amount",
        metadata=RATIO,
    )
    refund_rate_30d = dy.Float64(
        min=0,
        nullable=True,
        description="Refunds per debit of the 30 days before that was not declined; null without one",
        metadata=RATIO,
    )
    customers_per_hour = dy.Float64(
        min=0, description="Different customers of each of the 24 hours before, their mean", metadata=COUNT
    )


class SharedEntities(dy.Schema):
    """Something that several customers had to do with, or a customer of a ring, as known when the day began."""

    day = dy.Date(description="Day (UTC); everything is from before it", primary_key=True)
    kind = dy.Enum(SHARED_KINDS, description="device, ip, payee, customer or address of delivery", primary_key=True)
    entity_id = _id("device_id, IPv4 number, payee_id, customer_id or delivery_address_id", primary_key=True)
    customers_24h = dy.Int32(
        min=0, nullable=True, description="Different customers on the day before; null for a customer", metadata=COUNT
    )
    customers_30d = dy.Int32(
        min=2,
        nullable=True,
        description="Different customers in the 30 days before; null for a customer",
        metadata=COUNT,
    )
    ring_size = dy.Int32(
        min=2,
        nullable=True,
        description="Customers connected by shared devices, addresses or new payees; null for other entities",
        metadata=COUNT,
    )
    ring_known_fraud_share = dy.Float64(
        min=0,
        max=1,
        nullable=True,
        description="Share of the ring with a fraud report that is a week old; null for other entities",
        metadata=RATIO,
    )


class CustomerRisk(dy.Schema):
    """A customer's month: how risky it looks, what drives that, and whether it grows. For people, no model's input."""

    customer_id = _id("Whose month", primary_key=True)
    payments = dy.Int32(min=1, description="Debits of the month, declined ones included", metadata=COUNT)
    anomalous_payments = dy.Int32(
        min=0, description="Those out of the ordinary for the customer in any way", metadata=COUNT
    )
    risk_score = dy.Float64(
        min=0, max=100, description="Points of the signs that are there, in 100 of those known", metadata=SCORE
    )
    risk_level = dy.Enum(RISK_LEVELS, description="low, medium, high or critical, by the score")
    drivers = dy.String(
        description="Up to three signs with the most points, JSON: sign, value over the month's payments, points"
    )
    score_before = dy.Float64(
        min=0, max=100, nullable=True, description="Score of the month before; null without one", metadata=SCORE
    )
    trend = dy.Enum(
        TRENDS, nullable=True, description="Whether the score moved by more than 5 points since the month before"
    )


class ScoredTransactions(dy.Schema):
    """A ledger row with the champion's score and what it would have been told."""

    transaction_id = _id("The ledger row", primary_key=True)
    customer_id = _id("Whose account")
    event_time = _instant("The ledger row's time")
    amount = dy.Float64(min=0.01, description="The ledger row's amount", metadata=MONEY)
    score = dy.Float64(min=0, max=1, description="Calibrated probability of fraud", metadata=RATIO)
    raw_score = dy.Float64(description="The model's own score, before calibration", metadata=SCORE)
    decision = dy.Enum(DECISIONS, description="APPROVED, FLAGGED for review or REJECTED, by expected cost")
    reasons = dy.String(nullable=True, description="Up to four reason codes, JSON; null for approved rows")


TABLES: dict[str, type[dy.Schema]] = {
    "customers": Customers,
    "devices": Devices,
    "merchants": Merchants,
    "logins": Logins,
    "transactions": Transactions,
    "fraud_campaigns": FraudCampaigns,
    "labeled_anomalies": LabeledAnomalies,
    "incident_reports": IncidentReports,
    "population_statistics": PopulationStatistics,
    "merchant_activity": MerchantActivity,
    "shared_entities": SharedEntities,
    "customer_risk": CustomerRisk,
    "scored_transactions": ScoredTransactions,
}


def polars_schema(table: type[dy.Schema]) -> dict[str, pl.DataType]:
    """Column name -> polars dtype, in the table's order."""
    return {name: column.dtype for name, column in table.columns().items()}


def conform(frame: pl.DataFrame, table: type[dy.Schema]) -> pl.DataFrame:
    """The frame with the table's columns, in its order and types (values are not checked)."""
    return frame.select(pl.col(name).cast(dtype) for name, dtype in polars_schema(table).items())
