def test_it_may_send_and_its_provider_connects_it(shop, path, api, tenant, session):
    session.status = "STOPPED"
    shop.world.run("update channels set status = 'inactive' where id = :id", id=shop.channel.id)
    told = api.post(f"{path}/activate", as_=tenant.admin)
    assert (told.status_code, told.json["status"]) == (202, "active")
    assert session.status == "STOPPED"  # the caller does not wait for it
    shop.world.drain()
    assert session.status == "WORKING"
    assert [event["event_type"] for event in shop.world.events() if event["aggregate_type"] == "channel"] == [
        "channel.activation_requested",
        "channel.activated",
        "channel.state_changed",
    ]


def test_only_an_admin_does(path, api, tenant, other_tenant):
    assert api.post(f"{path}/activate", as_=tenant.agent).status_code == 403
    assert api.post(f"{path}/activate", as_=other_tenant.admin).status_code == 404
