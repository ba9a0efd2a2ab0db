"""The lake's doors, on disk and on S3."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from fraud_assets.lake.store import Lake, LakeError
from fraud_assets.lake.writing import write_bytes, write_parquet


def test_objects_are_found_read_and_deleted(lake: Lake) -> None:
    assert lake.list() == []
    for key in ("b/x/month=2024-02/a.json", "b/x/month=2024-01/a.json", "b/xy/a.json"):
        write_bytes(lake, key, key.encode())
    assert lake.list("b/x") == ["b/x/month=2024-01/a.json", "b/x/month=2024-02/a.json"]
    assert lake.list("nowhere") == []
    assert lake.read_bytes("b/xy/a.json") == b"b/xy/a.json"
    assert lake.exists("b/xy/a.json")
    lake.delete("b/xy/a.json")
    lake.delete("b/xy/a.json")
    assert not lake.exists("b/xy/a.json")
    with pytest.raises(LakeError, match=r"b/xy/a\.json does not exist"):
        lake.read_bytes("b/xy/a.json")


def test_several_months_are_one_frame_with_their_month_if_wanted(lake: Lake) -> None:
    keys = [f"b/t/month=2024-0{month}/part-0000.parquet" for month in (1, 2)]
    for number, key in enumerate(keys):
        write_parquet(lake, key, pl.DataFrame({"n": [number]}))
    assert lake.scan_parquet(keys).collect().to_dict(as_series=False) == {"n": [0, 1]}
    assert lake.scan_parquet(keys, month_column=True).collect().to_dict(as_series=False) == {
        "n": [0, 1],
        "month": ["2024-01", "2024-02"],
    }


@pytest.mark.parametrize("name", ["lake [1]", "l*ke", "l?ke", "month=2023-01", "a=b", "50 %", "a#b", "Ähre"])
@pytest.mark.parametrize("month_column", [False, True])
def test_a_root_may_have_any_sign_in_its_name(lake: Lake, name: str, month_column: bool) -> None:
    key = "b/t/month=2024-01/part-0000.parquet"
    write_parquet(Lake.from_url(lake.uri("lake")), key, pl.DataFrame({"n": [2]}))  # what a pattern would find, too
    odd = Lake.from_url(lake.uri(name))
    write_parquet(odd, key, pl.DataFrame({"n": [1]}))
    found = odd.scan_parquet([key], month_column=month_column).collect().to_dict(as_series=False)
    assert found == ({"n": [1], "month": ["2024-01"]} if month_column else {"n": [1]})


def test_a_writer_in_progress_shows_readers_the_old_object_alone(lake: Lake) -> None:
    write_bytes(lake, "b/t/a.json", b"old")
    with lake.open_writer("b/t/a.json") as writer:
        writer.write(b"new")
        assert lake.read_bytes("b/t/a.json") == b"old"
        assert lake.list() == ["b/t/a.json"]
        if lake.path:
            assert [file.name for file in (lake.path / "b/t").iterdir()] == ["a.json"]
    assert lake.read_bytes("b/t/a.json") == b"new"


@pytest.mark.parametrize(
    ("root", "sentence"),
    [
        ("", "the lake's root is empty; set FRAUD_ASSETS_LAKE"),
        ("s3://", "names no S3 bucket"),
        ("gs://bucket/prefix", "starts with gs://; a path or s3://bucket/prefix is needed"),
        ("s3://bucket//prefix", "s3://bucket//prefix has an empty folder"),
        ("s3://bucket/a/../b", "s3://bucket/a/../b has an empty folder, '.' or '..'; leave that out"),
    ],
)
def test_a_root_that_is_none_is_refused(root: str, sentence: str) -> None:
    with pytest.raises(LakeError, match=sentence):
        Lake.from_url(root)


def test_credentials_in_the_root_are_refused_and_not_repeated() -> None:
    with pytest.raises(LakeError, match="credentials come from AWS_") as refused:
        Lake.from_url("s3://AKIA123:hunter2@bucket/prefix")
    assert "hunter2" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LakeError, match=r"file/lake: the folder cannot be made \(Not a directory\)"):
        Lake.from_url(tmp_path / "file/lake")


def test_a_lake_does_not_show_its_credentials(s3_lake: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "hunter2")
    assert "hunter2" not in repr(Lake.from_url(s3_lake))


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"AWS_PROFILE": "nobody"}, "AWS_PROFILE nobody is in no AWS configuration file"),
        ({"AWS_CONFIG_FILE": "{file}"}, "credentials cannot be had: Unable to parse config file"),
    ],
)
def test_a_profile_that_is_of_no_use_is_a_sentence(
    variables: dict[str, str], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "config").write_text("no section\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value.format(file=tmp_path / "config"))
    with pytest.raises(LakeError, match=sentence) as refused:
        Lake.from_url("s3://bucket/lake")
    assert "\n" not in str(refused.value)


def test_credentials_may_come_from_a_profile(s3_lake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text("[work]\naws_access_key_id = one\naws_secret_access_key = two\n")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    lake = Lake.from_url(s3_lake)
    write_parquet(lake, "b/t.parquet", pl.DataFrame({"n": [1]}))
    assert lake.scan_parquet(["b/t.parquet"]).collect().item() == 1
