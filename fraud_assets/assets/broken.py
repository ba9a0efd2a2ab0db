"""A scenario that cannot be used: an asset in its place that says why, so that it is missed where it was looked for."""

from __future__ import annotations

import re

import dagster as dg

from fraud_assets.assets.common import OWNER
from fraud_assets.scenario import ScenarioError


def broken_scenario(name: str, why: ScenarioError) -> dg.AssetsDefinition:
    """``<name>/cannot_be_loaded``; its description is what is wrong, and so is what materializing it raises.

    Parameters
    ----------
    name
        The scenario's folder, or the variable of the folders.
    """
    group = re.sub(r"\W", "_", name)

    @dg.asset(
        key=[group, "cannot_be_loaded"],
        group_name=group,
        description=f"**{name} cannot be loaded**; the other banks are not affected. Mend it, then reload the code "
        f"location (Deployment, *Reload*).\n\n```\n{why}\n```",
        kinds={"yaml"},
        owners=[OWNER],
        tags={"stage": "raw"},
    )
    def cannot_be_loaded() -> None:
        raise dg.Failure(f"{why}", allow_retries=False)

    return cannot_be_loaded
