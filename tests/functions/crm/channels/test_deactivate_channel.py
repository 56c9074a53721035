def test_it_sends_no_more_and_its_provider_disconnects_it(shop, path, api, tenant, session):
    told = api.post(f"{path}/deactivate", as_=tenant.admin)
    assert (told.status_code, told.json["status"]) == (202, "inactive")
    shop.world.drain()
    assert (session.status, session.paired) == ("STOPPED", True)
    (event,) = shop.world.events("channel.deactivated")
    assert event["data"]["by"] == str(tenant.admin.user_id)


def test_the_phone_can_be_unpaired_too(shop, path, api, tenant, session):
    assert api.post(f"{path}/deactivate", {"logout": True}, as_=tenant.admin).status_code == 202
    shop.world.drain()
    assert session.paired is False


def test_only_an_admin_does(path, api, tenant, other_tenant):
    assert api.post(f"{path}/deactivate", as_=tenant.agent).status_code == 403
    assert api.post(f"{path}/deactivate", as_=other_tenant.admin).status_code == 404
