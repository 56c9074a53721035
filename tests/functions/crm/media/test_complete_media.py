import uuid

from tests.support.shop import ANA


def test_only_an_upload_that_waits_can_be_completed(shop, api, media_of):
    shop.hears("olha", kind="image", customer=ANA)
    shop.world.drain()
    answer = api.post(f"/api/v1/crm/media/{media_of(shop)['id']}/complete", as_=shop.tenant.agent)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_waiting")


def test_of_a_file_there_is_not(shop, api):
    assert api.post(f"/api/v1/crm/media/{uuid.uuid4()}/complete", as_=shop.tenant.agent).status_code == 404
