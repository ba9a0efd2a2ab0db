"""Features: what the bank knew just before a payment, from one definition for a month and for a single event.

Modules: ``feature`` (what a feature is), ``registry`` (all of them), ``events`` (windows), ``block`` and ``context``
(what a family reads), one module a family, ``compute`` (all families over a block), and three users of them: ``build``
(a month), ``single`` (one event), ``page`` (docs). ``population`` makes the population figures. No Dagster, no I/O, no
clock.
"""
