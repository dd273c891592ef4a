"""`hub undo` from outside: the plan first, then the writing, against the demo's CRMs."""

from demo_folder import Demo


def test_a_sync_of_the_demo_is_undone_and_stays_undone(live: Demo) -> None:
    demo = live
    planned = demo.hub("undo", "1", "--json")
    assert planned.code == 0
    assert planned.json["changes"]
    assert planned.json["left"] == []
    assert {"plan", "calls", "as_before", "outcomes"} <= set(planned.json)
    done = demo.hub("undo", "1", "--apply", "--json")
    assert done.code == 0
    assert set(done.json["outcomes"]) == {"applied"}
    again = demo.hub("sync", "--json")
    assert (again.code, again.json["outcomes"]["applied"]) == (0, 0)
    assert demo.hub("status", "--json").json["undone"] > 0
    assert "plan-" in demo.hub("undo", "--list").out
    assert demo.hub("undo").code == 2
