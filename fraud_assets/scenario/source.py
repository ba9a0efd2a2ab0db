"""A bank whose transactions come from a user's own files: what the files are called and what their columns mean.

What lives here: :class:`FilesScenario` and its section ``files``. What is done with the files lives in ``ingest``.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, field_validator, model_validator

from fraud_assets.codes import CHANNELS, DIRECTIONS, KINDS, STATUSES
from fraud_assets.scenario.bank import Bank
from fraud_assets.scenario.sections import Costs, Holiday, Learning, Positive, Section, Share, TruePrevalence

#: What a file may say of a row, by the names of the ledger (``tables.Transactions``) and of the reports.
Column = Literal[
    "transaction_id", "customer_id", "event_time", "posted_at", "amount", "currency", "kind", "direction", "status",
    "channel", "category", "method", "merchant_id", "payee_id", "recipient_entity", "card_id", "device_id",
    "ip_address", "city", "state", "country", "latitude", "longitude", "is_fraud", "reported_at", "reported_type",
]  # fmt: skip
REQUIRED = ("customer_id", "event_time", "amount")
#: Columns whose texts are codes, and what a code may mean.
CODES: dict[str, tuple[str, ...]] = {
    "channel": tuple(CHANNELS),
    "status": tuple(STATUSES),
    "kind": tuple(KINDS),
    "direction": tuple(DIRECTIONS),
    "is_fraud": ("true", "false"),
}
#: Input -> columns one of which gives it. Features that need an input which a bank does not have are null.
INPUTS: dict[str, tuple[str, ...]] = {
    "status": ("status",),
    "channel": ("channel",),
    "category": ("category",),
    "merchant": ("merchant_id",),
    "payee": ("payee_id",),
    "device": ("device_id",),
    "ip": ("ip_address",),
    "city": ("city",),
    "country": ("country",),
    "coordinates": ("latitude",),
    "posted_at": ("posted_at",),
    "kind": ("kind", "direction"),
    "reports": ("is_fraud",),
}
#: What no file gives.
_ABSENT_TABLES = ("customers", "devices", "merchants", "logins", "delivery")
_PLACE = re.compile(r"\{(\w*)\}")
_PLACES = ("month", "year", "mm")
#: How files are called that lie among those of zones, and are none or another machine's.
_NO_ZONES = ("localtime", "Factory", "posix", "right/")
#: Codecs of the names of hosts, not of texts.
_NO_TEXTS = ("punycode", "idna")
#: Days that fit into the fewest of REPORT_LOOKBACK months: what is reported later, no month asks for.
_LONGEST_DELAY = 334


class Files(Section):
    """Where the files are and how they are read."""

    #: A path (relative to the scenario's folder), ``s3://bucket/key``, or a pattern with ``*``. With ``{month}``
    #: (2024-01), or ``{year}`` and ``{mm}``, each month has files of its own; without, every file may hold any month.
    location: str
    time_zone: str  # IANA name: of times that say none, and of what is local (night, weekday)
    #: iso (2024-01-31T18:05:00, with or without a zone), epoch_s, epoch_ms, or as strftime writes it.
    time_format: str = "iso"
    encoding: str = "utf-8"  # of CSV
    separator: Annotated[str, Field(min_length=1, max_length=1)] = ","  # of CSV
    decimal: Literal[".", ","] = "."
    amount_unit: Literal["major", "cents"] = "major"
    #: What a negative amount is: no transaction, money that comes back, or money that leaves (others then come in).
    negative_amounts: Literal["reject", "refund", "payment"] = "reject"
    columns: dict[Column, str | tuple[str, ...]]  # ours: theirs; several texts are joined by a space
    values: dict[str, dict[str, str]] = Field(default_factory=dict)  # column -> theirs: ours; "*" is any other
    #: From the event to the report, where no column says it.
    report_delay_days: Annotated[float, Field(ge=0, le=_LONGEST_DELAY)] = 7
    rejected_share: Share = 0.01  # a month with a greater share of rejected rows fails

    @field_validator("time_zone")
    @classmethod
    def _zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
            known = not name.startswith(_NO_ZONES)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            known = False
        if not known:
            raise ValueError("it must be an IANA time zone such as Europe/Berlin or UTC")
        return name

    @field_validator("separator")
    @classmethod
    def _is_separator(cls, sign: str) -> str:
        if not sign.isascii() or sign in '\0\r\n"':
            raise ValueError('it must be an ASCII character other than a quote or a line end, such as ";" or "\\t"')
        return sign

    @field_validator("encoding")
    @classmethod
    def _codec(cls, name: str) -> str:
        try:
            "".encode(name)
            known = codecs.lookup(name).name not in _NO_TEXTS
        except (LookupError, UnicodeError):
            known = False
        if not known:
            raise ValueError("it must be an encoding such as utf-8, latin-1 or cp1252")
        return name

    @field_validator("location")
    @classmethod
    def _places(cls, location: str) -> str:
        named = _PLACE.findall(location)
        if unknown := set(named) - set(_PLACES):
            raise ValueError(f"{{{min(unknown)}}} is no part of a month; {{month}}, {{year}} and {{mm}} are")
        if re.search(r"[{}]", _PLACE.sub("", location)):
            raise ValueError(
                "braces stand for {month}, {year} and {mm} alone; * is any part of a file's name, ? one sign"
            )
        if not location or "\0" in location:
            raise ValueError("it must be a path, or s3://bucket/key")
        if named and "month" not in named and not {"year", "mm"} <= set(named):
            raise ValueError("{year} needs {mm} and {mm} needs {year}; or use {month}")
        return location

    @field_validator("columns", mode="before")
    @classmethod
    def _known(cls, columns: Any) -> Any:
        known = Column.__args__  # type: ignore[attr-defined]  # the names of the literal
        if isinstance(columns, dict) and (unknown := [name for name in columns if name not in known]):
            raise ValueError(f"{unknown[0]} is no column that is read; there are {', '.join(known)}")
        for name, theirs in columns.items() if isinstance(columns, dict) else ():
            several = theirs if isinstance(theirs, list | tuple) else [theirs]
            if not several or not all(isinstance(one, str) and one for one in several):
                raise ValueError(f"{name} is {theirs!r}; it must be the name of a column in the files, or several")
        return columns

    @model_validator(mode="after")
    def _consistent(self) -> Files:
        if missing := [name for name in REQUIRED if name not in self.columns]:
            raise ValueError(f"columns: {missing[0]} is not among them; {', '.join(REQUIRED)} are needed")
        if ("latitude" in self.columns) != ("longitude" in self.columns):
            raise ValueError("columns: latitude and longitude belong together")
        for name in ("reported_at", "reported_type"):
            if name in self.columns and "is_fraud" not in self.columns:
                raise ValueError(f"columns: {name} needs is_fraud, which says of which rows it speaks")
        for name, mapping in self.values.items():
            if name not in self.columns:
                raise ValueError(f"values: {name} is not among the columns")
            if name not in CODES:
                continue
            for theirs, ours in mapping.items():
                if ours not in CODES[name]:
                    raise ValueError(
                        f"values: {name}: {theirs!r} stands for {ours!r}; it must be one of {', '.join(CODES[name])}"
                    )
        return self

    @field_validator("values", mode="before")
    @classmethod
    def _texts(cls, values: Any) -> Any:
        """YAML reads 1 and true as what they look like; a file has texts."""
        if not isinstance(values, dict):
            return values
        return {
            column: {_text(theirs): _text(ours) for theirs, ours in mapping.items()}
            if isinstance(mapping, dict)
            else mapping
            for column, mapping in values.items()
        }

    @property
    def is_monthly(self) -> bool:
        """Whether each month has files of its own."""
        return bool(_PLACE.search(self.location))

    def of_month(self, key: str) -> str:
        """The location with a month such as ``2024-01`` in it."""
        parts = {"month": key, "year": key[:4], "mm": key[5:]}
        return _PLACE.sub(lambda found: parts[found[1]], self.location)

    def sources(self, column: str) -> tuple[str, ...]:
        """Their names of one of our columns; none if the files do not have it."""
        theirs = self.columns.get(column, ())  # type: ignore[call-overload]  # any text may be asked for
        return (theirs,) if isinstance(theirs, str) else tuple(theirs)

    @property
    def wanted(self) -> list[str]:
        """Their names of all columns that are read, each once."""
        return list(dict.fromkeys(name for column in self.columns for name in self.sources(column)))


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


class UsualLearning(Learning):
    """How a bank of files learns and decides: as us_bank, where its own figures are not known."""

    alerts_per_10000: Positive = 50
    true_prevalence: TruePrevalence = 0.0005
    costs: Costs = Costs(loss_share=0.85, chargeback_fee=20, margin=0.015, friction=6, review=4)


class FilesScenario(Bank):
    """A bank whose ledger is read from files. It has no truth: labels are what was reported."""

    source: Literal["files"]
    folder: Path = Field(default=Path(), exclude=True)  # of the scenario's file, where relative locations begin
    files: Files
    limits: tuple[Positive, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    learning: UsualLearning = UsualLearning()

    @field_validator("currency")
    @classmethod
    def _is_code(cls, currency: str) -> str:
        if not re.fullmatch(r"[A-Z][A-Z0-9]{2,9}", currency):
            raise ValueError("it must be a code in capital letters, such as EUR")
        return currency

    @property
    def absent(self) -> tuple[str, ...]:
        """Inputs of features that this bank does not have."""
        missing = [name for name, columns in INPUTS.items() if not any(self.files.sources(c) for c in columns)]
        if "kind" in missing and self.files.negative_amounts != "reject":
            missing.remove("kind")  # the sign says it
        facts = {"holidays": self.holidays, "limits": self.limits}
        return (*missing, *_ABSENT_TABLES, *(name for name, known in facts.items() if not known))
