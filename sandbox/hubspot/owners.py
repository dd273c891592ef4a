"""Owners: the users that records can be assigned to."""

from sandbox.hubspot.errors import ApiError, validation
from sandbox.hubspot.http import Call, Reply, Rule, both, next_page

MAX_PAGE = 500
_SCOPES = ("crm.objects.owners.read",)


def list_page(call: Call) -> Reply:
    """Active owners, or with `archived=true` the deactivated ones only."""
    archived, email = call.flag("archived"), call.query.get("email")
    limit = call.number("limit", 100)
    if not 1 <= limit <= MAX_PAGE:
        raise validation(f"limit must be between 1 and {MAX_PAGE}, it was {limit}")
    after = call.number("after", 0)
    owners = [
        owner
        for owner in sorted(call.store.catalog.owners.values(), key=lambda x: int(x.id))
        if owner.archived is archived
        and int(owner.id) > after
        and (not email or owner.email.casefold() == email.casefold())
    ]
    page = owners[:limit]
    call.rows = len(page)
    body: dict[str, object] = {"results": page}
    if len(owners) > limit:
        body["paging"] = next_page(call, page[-1].id)
    return Reply(200, body)


def get_one(call: Call) -> Reply:
    archived, wanted = call.flag("archived"), call.params["id"]
    by_user = call.query.get("idProperty", "id") == "userId"
    for owner in call.store.catalog.owners.values():
        found = str(owner.user_id_including_inactive) if by_user else owner.id
        if found == wanted and owner.archived is archived:
            call.rows = 1
            return Reply(200, owner)
    raise ApiError(404, f"No owner {wanted} was found", "OBJECT_NOT_FOUND")


def rules() -> list[Rule]:
    return both(
        "/crm/v3/owners",
        "/crm/owners/2026-09",
        [
            ("GET", "", list_page, _SCOPES),
            ("GET", "/", list_page, _SCOPES),
            ("GET", "/{id}", get_one, _SCOPES),
        ],
    )
