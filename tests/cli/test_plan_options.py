"""What stands between `hub plan` and its subcommand holds for the subcommand."""

from demo_folder import Demo, run


def test_the_configuration_named_before_a_subcommand_is_the_one_used(cold: Demo) -> None:
    config = str(cold.folder / "hub.yaml")
    before = run("plan", "--config", config, "list", "--json")
    behind = run("plan", "list", "--config", config, "--json")
    assert before.code == 0
    assert before.json
    assert before.json == behind.json
    assert run("plan", "--json", "list", "--config", config).json == behind.json


def test_one_named_behind_the_subcommand_prevails(cold: Demo) -> None:
    config = str(cold.folder / "hub.yaml")
    told = run("plan", "--config", "nowhere.yaml", "list", "--config", config, "--json")
    assert told.code == 0
    refused = run("plan", "--config", "nowhere.yaml", "list")
    assert refused.code == 2
    assert "nowhere.yaml" in refused.err


def test_a_page_is_not_asked_for_in_vain(cold: Demo) -> None:
    config = str(cold.folder / "hub.yaml")
    refused = run("plan", "--html", "page.html", "list", "--config", config)
    assert refused.code == 2
    assert "--html" in refused.err
