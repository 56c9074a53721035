def test_a_file_that_is_here_cannot_be_fetched_again(shop, api, media_of):
    shop.hears("olha", kind="image")
    shop.world.drain()
    answer = api.post(f"/api/v1/crm/media/{media_of(shop)['id']}/retry", as_=shop.tenant.agent)
    assert (answer.status_code, answer.get_json()["error"]["code"]) == (409, "not_failed")
