from infra import manifest, openapi

DOCUMENT = openapi.document(manifest.declarations())


def links(path: str, method: str = "post") -> dict[str, dict[str, str]]:
    answer = DOCUMENT["paths"][path][method]["responses"]["201"]
    return {name: link["parameters"] for name, link in answer.get("links", {}).items()}


def test_what_was_made_can_be_read_changed_and_deleted_under_its_id():
    found = links("/api/v1/crm/contacts")
    own = {"contact_id": "$response.body#/id"}
    assert found["get_contact"] == found["update_contact"] == found["delete_contact"] == own


def test_what_it_names_can_be_read():
    assert links("/api/v1/crm/messages")["get_chat"] == {"chat_id": "$response.body#/chat_id"}


def test_what_stands_around_it_is_taken_from_the_request():
    found = links("/api/v1/projects/{project_id}/members")["remove_project_member"]
    assert found == {"project_id": "$request.path.project_id", "member_id": "$response.body#/id"}


def test_every_link_names_an_operation_and_its_parameters():
    known = {each["operationId"]: each for each in openapi.operations(DOCUMENT)}
    linked = [
        link
        for operation in known.values()
        for answer in operation["responses"].values()
        for link in answer.get("links", {}).values()
    ]
    assert len(linked) > 20
    for link in linked:
        wanted = {each["name"] for each in known[link["operationId"]]["parameters"] if each["in"] == "path"}
        assert set(link["parameters"]) == wanted
