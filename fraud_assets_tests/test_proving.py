"""``fraud-assets gates``: a world is proved month by month, without a lake."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fraud_assets.cli import main
from fraud_assets.evaluation.gates import GATES, REPORTS, Line, Result
from fraud_assets.months import Month
from fraud_assets.proving import Proof, proof_table
from fraud_assets.scenario import Scenario


def result(name: str, *, passed: bool, value: float | None, n: int = 400) -> Result:
    return Result(name, passed, value, "at most 1", "Why.", n, (Line(name, value or 0.0, high=1.0),))


def test_the_table_counts_what_held_what_failed_and_what_could_not_be_said() -> None:
    months = [
        [result("column_auc", passed=True, value=0.5), result("giveaways", passed=False, value=2.0)],
        [result("column_auc", passed=False, value=0.9, n=10), result("giveaways", passed=True, value=None)],
    ]
    proofs = [Proof(1, Month(2024, k + 1), tuple(found), 300) for k, found in enumerate(months)]
    assert [gate.name for gate in proofs[0].failed()] == ["giveaways"]
    assert [gate.name for gate in proofs[1].doubtful()] == ["column_auc"]
    table = {line.split(" | ")[0].strip("| "): line for line in proof_table(proofs).splitlines()[2:]}
    assert table["column_auc"] == "| column_auc | column_auc (seed 1, 2024-02) | 0.9 | at most 1 | 1 | 0 | 1 | 0 |"
    assert table["giveaways"] == "| giveaways | giveaways (seed 1, 2024-01) | 2 | at most 1 | 0 | 1 | 0 | 1 |"


def test_the_closest_call_has_its_own_limit() -> None:
    """Of many figures with a limit each, a reader sees the one with the least room and why it held."""
    lines = (Line("few keys", 0.93, 0.85, 1.0, 0.97), Line("many keys", 0.975, 0.96, 0.98, 0.97), Line("free", 7.0))
    closest = Result("key_coverage", True, 0.04, "at most 1%", "Why.", 400, lines).closest
    assert closest is not None
    assert (closest.name, closest.allowed, closest.holds) == ("many keys", "0.96 to 0.98", True)
    assert [round(line.used, 2) for line in lines] == [0.33, 0.5, 0.0]


@given(
    st.floats(-10, 10),
    st.none() | st.floats(-10, 10),
    st.none() | st.floats(0.1, 10),
    st.none() | st.floats(0.0, 1.0),
)
def test_room_is_used_up_where_and_only_where_a_limit_is_broken(
    realised: float, low: float | None, room: float | None, place: float | None
) -> None:
    low = None if low is None else abs(low)
    high = None if room is None else (low or 0.0) + room
    asked = None if place is None else (low or 0.0) + place * (room or 1.0)
    line = Line("figure", abs(realised), low, high, asked)
    assert line.holds or line.used >= 1
    assert not line.holds or line.used <= 1 + 1e-9


def test_the_command_proves_consecutive_months_of_several_seeds(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gates", "tiny_bank", "--months", "2", "--seeds", "2"]) == 0
    said, own = capsys.readouterr().out, Scenario.load("tiny_bank").seed
    assert [line.split(": ")[0] for line in said.splitlines() if line.startswith("tiny_bank, seed")] == [
        f"tiny_bank, seed {own + k}, {month}" for k in range(2) for month in ("2024-01", "2024-02")
    ]
    for gate in (*GATES, REPORTS):
        cells = next(line for line in said.splitlines() if line.startswith(f"| {gate} |")).split(" | ")
        assert sum(int(cell.strip("| ")) for cell in cells[-4:]) == 4
        assert cells[2] == "–" or math.isfinite(float(cells[2].replace(",", "")))


def test_months_outside_the_bank_and_numbers_below_one_get_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gates", "tiny_bank", "--first", "2023-12"]) == 1
    assert "2023-12 is outside its range" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["gates", "tiny_bank", "--seeds", "0"])
    assert "'0' is not a whole number of 1 or more" in capsys.readouterr().err
