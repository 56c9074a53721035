"""What functions say they use, held against what they can reach."""

import grimp
import pytest

from infra.manifest import declarations
from shared.runtime.settings import Settings
from shared.runtime.uses import SECRETS, Use

# Who reaches such a module needs that, and nobody else does.
MARKERS = {
    Use.PUBSUB: ["shared.cloud.pubsub"],
    Use.TASKS: ["shared.cloud.tasks"],
    Use.RELAY: ["shared.runtime.relay", "shared.runtime.schedule"],
    Use.SIGNING: ["shared.core.login_sessions.use_cases"],
    Use.GEMINI: ["shared.ai.responders.choose"],
    Use.CUSTOMER_HOSTS: ["shared.crm.channels.connection"],
    Use.STORAGE: ["shared.crm.media.bucket"],
    Use.LINKS: ["shared.crm.media.links"],
}
# Reached for something else in the same module.
UNUSED = {(Use.GEMINI, "settle_message_group")}
SEALS = ["shared.crm.channels.connection", "shared.crm.channels.secrets"]


@pytest.fixture(scope="module")
def graph():
    return grimp.build_graph("functions", "shared", cache_dir=None)


@pytest.fixture(scope="module")
def declared():
    return declarations()


def reaching(graph, modules):
    return {module for marker in modules for module in graph.find_downstream_modules(marker)}


@pytest.mark.parametrize("use", MARKERS)
def test_a_use_is_declared_by_those_who_reach_it_and_by_nobody_else(graph, declared, use):
    reach = reaching(graph, MARKERS[use])
    expected = {each.name for each in declared if each.module in reach} - {name for of, name in UNUSED if of is use}
    assert {each.name for each in declared if use in each.needs} == expected


def test_who_seals_or_opens_a_channels_secrets_has_the_keys(graph, declared):
    reach = reaching(graph, SEALS)
    assert [each.name for each in declared if each.module in reach and Use.ENCRYPTION not in each.needs] == []


def test_a_use_stands_for_settings_that_there_are():
    assert {name for names in SECRETS.values() for name in names} <= set(Settings.__dataclass_fields__)
