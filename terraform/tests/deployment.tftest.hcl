# The whole of it, planned with providers that invent what the cloud would say.
mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  mock_resource "google_sql_database_instance" {
    defaults = {
      server_ca_cert     = [{ cert = "a certificate" }]
      private_ip_address = "10.0.0.3"
    }
  }
}

mock_provider "google" {
  alias = "billing"
}

mock_provider "google-beta" {
  override_during = plan

  mock_resource "google_api_gateway_gateway" {
    defaults = { default_hostname = "ventros-abc.ue.gateway.dev" }
  }
}

override_resource {
  target          = module.accounts.google_service_account.pusher
  override_during = plan

  values = {
    email = "pusher@ventros-test.iam.gserviceaccount.com"
    name  = "projects/ventros-test/serviceAccounts/pusher@ventros-test.iam.gserviceaccount.com"
  }
}

override_resource {
  target          = module.accounts.google_service_account.gateway
  override_during = plan

  values = {
    email = "gateway@ventros-test.iam.gserviceaccount.com"
    name  = "projects/ventros-test/serviceAccounts/gateway@ventros-test.iam.gserviceaccount.com"
  }
}

variables {
  project            = "ventros-test"
  environment        = "test"
  placeholder_bundle = "placeholder.zip"
  images             = { operator = "registry/operator@sha256:1", relay_outbox = "registry/relay_outbox@sha256:1" }
  upstash_url        = "https://counters.upstash.io"

  database = {
    tier            = "db-custom-2-7680"
    max_connections = 250
  }

  pooler = {
    clients = 20000
  }
}

run "everything_declared_is_deployed_once" {
  command = plan

  assert {
    condition     = length(module.functions.invokers) + length(module.services.names) == length(local.manifest.functions)
    error_message = "There must be one function or service for each entry of the manifest."
  }

  assert {
    condition     = toset(keys(module.functions.invokers)) == toset([for each in local.manifest.functions : each.name if each.kind != "service"])
    error_message = "Functions must be named as the manifest names them."
  }

  assert {
    condition     = module.services.names == [for each in local.manifest.functions : replace(each.name, "_", "-") if each.kind == "service"]
    error_message = "Services must be named as the manifest names them."
  }

  assert {
    condition     = module.messaging.jobs == { for each in local.manifest.functions : each.name => each.trigger.cron if each.kind == "schedule" }
    error_message = "Each schedule must have its job, at its time."
  }

  assert {
    condition     = toset(module.messaging.topics) == toset(local.manifest.topics) && toset(module.messaging.queues) == toset(local.manifest.queues)
    error_message = "Each aggregate must have its topic, and each queue must be made."
  }

  assert {
    condition     = output.public_base_url == "https://ventros-abc.ue.gateway.dev"
    error_message = "Without a name of one's own, the gateway's is the public one."
  }
}

run "each_consumer_hears_what_it_asked_for" {
  command = plan

  assert {
    condition = toset([for each in module.messaging.subscriptions : "${each.consumer} ${each.topic}"]) == toset(flatten([
      for each in local.manifest.functions : [for topic in each.trigger.topics : "${each.name} ${topic}" if topic != "dead-letters"] if each.kind == "consumer"
    ]))
    error_message = "Each consumer must have one subscription for each of its topics."
  }

  # Google takes filters of 256 bytes; a consumer passes over what a longer one would have kept away.
  assert {
    condition = alltrue([
      for name, each in module.messaging.subscriptions : contains(
        ["", join(" OR ", [
          for event in local.all[each.consumer].trigger.events : "attributes.type = \"${event}\""
          if replace(split(".", event)[0], "_", "-") == each.topic
        ])],
        each.filter,
      )
    ])
    error_message = "A filter must name exactly the consumer's events of the topic."
  }

  assert {
    condition     = module.messaging.subscriptions["send_message.message.b89e3a53"].filter == "attributes.type = \"message.queued\""
    error_message = "send_message must hear of queued messages alone."
  }
}

run "nobody_calls_but_the_gateway_and_the_pusher" {
  command = plan

  assert {
    condition = module.functions.invokers == {
      for each in local.manifest.functions : each.name => contains(keys(each.trigger), "method") ?
      "serviceAccount:gateway@ventros-test.iam.gserviceaccount.com" : "serviceAccount:pusher@ventros-test.iam.gserviceaccount.com"
      if each.kind != "service"
    }
    error_message = "What has a method and a path is called by the gateway, the rest by the pusher, and nothing by everybody."
  }
}

run "secrets_are_read_by_those_who_use_them_and_by_nobody_else" {
  command = plan

  assert {
    condition = alltrue(flatten([
      for each in local.manifest.functions : [
        for secret in each.secrets : contains(module.secrets.readers[secret], module.accounts.ids[each.name])
      ]
    ]))
    error_message = "Each function must be able to read each of its secrets."
  }

  assert {
    condition = alltrue(flatten([
      for secret, readers in module.secrets.readers : [
        for reader in readers : contains(["pooler", "deployer"], reader) || anytrue([
          for each in local.manifest.functions : contains(each.secrets, secret) && module.accounts.ids[each.name] == reader
        ])
      ]
    ]))
    error_message = "No account may read a secret that none of its functions uses."
  }

  assert {
    condition     = alltrue([for secret, readers in module.secrets.readers : length(readers) > 0 || contains(["owner_database_url", "storage_key_id", "storage_key_secret"], secret)])
    error_message = "A secret that nobody reads is not needed."
  }
}

run "only_who_calls_customers_leaves_by_the_fixed_address" {
  command = plan

  assert {
    condition = toset([for name, egress in module.functions.egress : name if egress == "ALL_TRAFFIC"]) == toset([
      for each in local.manifest.functions : each.name if contains(each.uses, "customer_hosts")
    ])
    error_message = "NAT is paid by the byte, and its address is for customers' hosts."
  }

  assert {
    condition     = module.functions.warm == sort([for each in local.manifest.functions : each.name if each.warm && each.kind != "service"])
    error_message = "Exactly the functions declared as warm keep an instance."
  }
}

run "an_environment_can_do_without_warm_functions_and_counters" {
  command = plan

  variables {
    keep_warm   = false
    upstash_url = ""
  }

  assert {
    condition     = length(module.functions.warm) == 0
    error_message = "Nothing is kept warm."
  }

  assert {
    condition     = !contains(keys(module.secrets.readers), "upstash_token")
    error_message = "Without a store there is no token to keep."
  }
}

run "too_many_connections_to_the_database_fail_the_plan" {
  command = plan

  variables {
    pooler = { app_connections = 90, clients = 20000 }
  }

  expect_failures = [terraform_data.connection_budget]
}

run "too_many_connections_to_a_pooler_fail_the_plan" {
  command = plan

  variables {
    instances_of = { list_contacts = 1000 }
  }

  expect_failures = [terraform_data.connection_budget]
}

run "more_concurrency_counts" {
  command = plan

  assert {
    condition     = output.connection_budget.clients == sum([for each in local.manifest.functions : var.instances[each.kind] * each.concurrency * ((contains(each.uses, "database") ? 2 : 0) + (contains(each.uses, "resolver") ? 1 : 0) + (contains(each.uses, "observer") ? 1 : 0))])
    error_message = "The budget must count instances times threads times pools of each function."
  }

  assert {
    condition     = output.connection_budget.total == output.connection_budget.pooled + output.connection_budget.direct + 3 + 10
    error_message = "The budget must add up."
  }
}

run "a_gateway_stands_where_google_offers_it" {
  command = plan

  variables {
    gateway_region = "southamerica-east1"
  }

  expect_failures = [var.gateway_region]
}

run "what_can_go_wrong_is_told_and_shown" {
  command = plan

  variables {
    alert_emails = ["oncall@example.com"]
    runbooks_url = "https://example.com/runbooks"
  }

  assert {
    condition     = length(setintersection(module.observability.alerts, ["outbox-age", "dead-letters", "server-errors", "latency", "pooler-waiting", "pooler-cpu", "database-connections", "database-cpu", "signature-failures", "unforeseen-events", "misdirected-deliveries", "breaker-open", "delivery-failed", "schedule-failed", "seldom-schedule-failed"])) == 15
    error_message = "Each of these must have its alert."
  }

  assert {
    condition     = length(module.observability.charts) > length(module.observability.alerts) && length(module.observability.charts) == length(distinct(module.observability.charts))
    error_message = "What is alerted on is shown, and what explains it too."
  }
}

run "cloud_sql_can_pool_in_the_poolers_place" {
  command = plan

  variables {
    database = { tier = "db-perf-optimized-N-8", edition = "ENTERPRISE_PLUS", max_connections = 400 }
    pooler   = { managed = true, app_connections = 40, clients = 20000 }
  }

  assert {
    condition     = length(module.pooler) == 0 && output.connection_budget.pooled == 2 * 3 * 40
    error_message = "Two poolers for eight processors, with a pool for each of three roles, and none of ours."
  }
}
