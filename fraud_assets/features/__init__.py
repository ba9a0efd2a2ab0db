"""Features: what the bank knew just before a payment, from one definition for a month and for a single event.

Modules: ``feature`` (what a feature is), ``registry`` (all of them), ``views`` (selections of them), ``tracks`` and
``events`` (windows), ``people``, ``rows``, ``history``, ``judging`` (anomaly rules), ``block``, ``lookup`` and
``context`` (what a family reads), one module a family, ``compute`` (all families over a block), and three users of
them: ``build`` (a month, by way of ``frames``), ``single`` (one event), ``page`` (docs). ``population``, ``activity``
and ``sharing`` make the tables that are known before a payment's month, hour and day; ``risk`` sums a customer's month
up. No Dagster, no I/O, no clock.
"""
