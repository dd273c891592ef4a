"""Definitions built from `hub.yaml`, without a run: assets, groups, schemas, job, executor."""

from pathlib import Path

import dagster as dg
import pytest
from dagster_rig import Hub, crm_folder


@pytest.fixture(scope="module")
def defs(tmp_path_factory: pytest.TempPathFactory) -> dg.Definitions:
    return Hub(crm_folder(tmp_path_factory.mktemp("definitions") / "hub")).definitions()


def _specs(defs: dg.Definitions) -> dict[str, dg.AssetSpec]:
    return {spec.key.to_user_string(): spec for spec in defs.resolve_all_asset_specs()}


def test_definitions_load(defs: dg.Definitions) -> None:
    dg.Definitions.validate_loadable(defs)


def test_groups_follow_the_flow(defs: dg.Definitions) -> None:
    groups: dict[str | None, list[str]] = {}
    for key, spec in _specs(defs).items():
        groups.setdefault(spec.group_name, []).append(key)
    assert {group: len(keys) for group, keys in groups.items()} == {
        "files": 1,
        "land": 15,
        "identity": 2,
        "golden": 10,
        "policy": 4,
        "write_back": 5,
    }
    assert sorted(groups["write_back"]) == [
        "apply/acme_hubspot",
        "apply/acme_salesforce",
        "plan/changes",
        "run/settle",
        "run/verdict",
    ]


def test_a_feed_is_never_written_to(defs: dg.Definitions) -> None:
    assert "apply/northwind" not in _specs(defs)


def test_every_step_waits_for_what_it_reads(defs: dg.Definitions) -> None:
    specs = _specs(defs)

    def waits_for(key: str) -> list[str]:
        return sorted(dep.asset_key.to_user_string() for dep in specs[key].deps)

    lands = sorted(key for key in specs if key.startswith("land/"))
    assert waits_for("land/acme_salesforce_Lead") == []
    assert waits_for("identity/company") == lands
    assert waits_for("identity/contact") == ["identity/company"]
    assert waits_for("golden/partner") == ["identity/company", "identity/contact"]
    assert waits_for("policy/lead_assignment") == [
        *("golden/lead", "golden/partner", "policy/registration"),
    ]
    assert waits_for("policy/siso") == [
        *("golden/inventory_line", "golden/pos_line", "golden/shipment", "policy/expected_report"),
    ]
    assert waits_for("apply/acme_hubspot") == ["plan/changes"]
    assert waits_for("run/settle") == ["apply/acme_hubspot", "apply/acme_salesforce"]
    assert waits_for("run/verdict") == ["run/settle"]


def test_columns_are_those_of_the_warehouse(defs: dg.Definitions) -> None:
    schema = _specs(defs)["policy/registration"].metadata["dagster/column_schema"]
    columns = {column.name: column for column in schema.columns}
    assert columns["amount"].type == "numeric(15, 2)"
    assert columns["run"].description == "the run that last changed the row"
    assert not columns["status"].constraints.nullable
    assert columns["protected_until"].constraints.nullable


def test_steps_that_talk_to_a_system_share_its_pool(defs: dg.Definitions) -> None:
    pools = {
        asset.key.to_user_string(): asset.op.pool
        for asset in defs.assets or []
        if isinstance(asset, dg.AssetsDefinition) and len(asset.keys) == 1
    }
    assert pools["land/acme_hubspot_deals"] == "acme_hubspot_api"
    assert pools["apply/acme_hubspot"] == "acme_hubspot_api"
    assert pools["land/northwind_pos_line"] == "northwind_api"
    assert pools["identity/company"] is None


def test_laws_one_two_and_seven_block_the_others_do_not(defs: dg.Definitions) -> None:
    specs = [spec for checks in defs.asset_checks or [] for spec in checks.check_specs]
    of_the_run = {
        spec.name: spec.blocking
        for spec in specs
        if spec.asset_key.to_user_string() == "run/settle"
    }
    assert of_the_run == {
        "conservation": True,
        "fixpoint": True,
        "identity": False,
        "isolation": True,
        "reversibility": False,
        "honesty": True,
        "frugality": False,
    }
    of_a_landing = {
        spec.name: spec.blocking
        for spec in specs
        if spec.asset_key.to_user_string() == "land/acme_salesforce_Account"
    }
    assert of_a_landing == {"conservation": True, "honesty": True, "schema": False}


def test_names_that_dagster_would_refuse_are_made_plain(tmp_path: Path) -> None:
    folder = crm_folder(tmp_path / "hub")
    with (folder / "hub.yaml").open("a") as config:
        config.write(
            "mappings:\n  acme_hubspot:\n    2-117: {source: company, pull: {name: name}}\n"
        )
    specs = _specs(Hub(folder).definitions())
    assert "land/acme_hubspot_2_117" in specs


def test_an_empty_environment_is_named_at_load(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = crm_folder(tmp_path / "hub")
    (folder / ".env").unlink()
    monkeypatch.delenv("HUBSPOT_TOKEN", raising=False)
    with pytest.raises(Exception, match=r"environment variable SF_CLIENT_ID is not set"):
        Hub(folder).definitions()
