# How events, tasks and the clock reach functions.
mock_provider "google" {
  override_during = plan
}

override_resource {
  target          = google_pubsub_topic.events
  override_during = plan
  values          = { id = "projects/ventros-test/topics/kite" }
}

override_resource {
  target          = google_pubsub_topic.dead_letters
  override_during = plan
  values          = { id = "projects/ventros-test/topics/dead-letters" }
}

variables {
  project       = "ventros-test"
  number        = "123456789012"
  region        = "southamerica-east1"
  urls          = { fly_kite = "https://kite.example.com", keep_dead_letter = "https://letters.example.com", sweep_kites = "https://sweep.example.com" }
  pusher        = { email = "pusher@ventros-test.iam.gserviceaccount.com", name = "projects/ventros-test/serviceAccounts/pusher@ventros-test.iam.gserviceaccount.com" }
  publishers    = { relay = "serviceAccount:relay@ventros-test.iam.gserviceaccount.com" }
  task_creators = { relay = "serviceAccount:relay@ventros-test.iam.gserviceaccount.com" }
  queue_rates   = { flights = { per_second = 5, at_once = 2 } }
  kms_key       = ""

  manifest = {
    topics        = ["kite"]
    queues        = ["flights", "sweeps"]
    subscriptions = [{ name = "fly_kite.kite.0a1b2c3d", consumer = "fly_kite", topic = "kite", filter = "attributes.type = \"kite.bought\"" }]
    functions = [
      { name = "fly_kite", kind = "consumer", timeout = 60, trigger = { topics = ["kite"], ordered = true, ack_deadline = 60, max_attempts = 7 } },
      { name = "keep_dead_letter", kind = "consumer", timeout = 60, trigger = { topics = ["dead-letters"], ordered = false, ack_deadline = 30, max_attempts = 5 } },
      { name = "sweep_kites", kind = "schedule", timeout = 90, trigger = { cron = "*/5 * * * *" } },
    ]
  }
}

run "an_event_is_pushed_signed_in_order_and_buried_after_so_many_attempts" {
  command = plan

  module {
    source = "./modules/messaging"
  }

  assert {
    condition = (
      google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].name == "fly_kite.kite.0a1b2c3d"
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].filter == "attributes.type = \"kite.bought\""
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].topic == google_pubsub_topic.events["kite"].id
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].enable_message_ordering
    )
    error_message = "It is named with its filter's hash, so that another filter is another subscription."
  }

  assert {
    condition = (
      google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].push_config[0].push_endpoint == "https://kite.example.com"
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].push_config[0].oidc_token[0].service_account_email == "pusher@ventros-test.iam.gserviceaccount.com"
    )
    error_message = "It is pushed to its consumer, in the pusher's name."
  }

  assert {
    condition = (
      google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].dead_letter_policy[0].max_delivery_attempts == 7
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].dead_letter_policy[0].dead_letter_topic == google_pubsub_topic.dead_letters.id
      && google_pubsub_subscription.push["fly_kite.kite.0a1b2c3d"].retry_policy[0].maximum_backoff == "600s"
      && google_pubsub_subscription.dead_letters.push_config[0].push_endpoint == "https://letters.example.com"
    )
    error_message = "What it does not take as often as it declares goes to the function that keeps it."
  }

  assert {
    condition = (
      google_pubsub_topic_iam_member.buries.member == "serviceAccount:service-123456789012@gcp-sa-pubsub.iam.gserviceaccount.com"
      && google_pubsub_subscription_iam_member.buries["fly_kite.kite.0a1b2c3d"].role == "roles/pubsub.subscriber"
    )
    error_message = "Burying is Pub/Sub's own work, for which it needs both rights."
  }

  assert {
    condition     = alltrue([for each in google_pubsub_subscription.push : each.expiration_policy[0].ttl == ""])
    error_message = "A subscription that is quiet for a month is still there."
  }
}

run "tasks_come_at_the_rate_that_is_set_and_are_never_given_up" {
  command = plan

  module {
    source = "./modules/messaging"
  }

  assert {
    condition = (
      google_cloud_tasks_queue.this["flights"].rate_limits[0].max_dispatches_per_second == 5
      && google_cloud_tasks_queue.this["flights"].rate_limits[0].max_concurrent_dispatches == 2
      && google_cloud_tasks_queue.this["sweeps"].rate_limits[0].max_dispatches_per_second == 500
    )
    error_message = "A queue has the rate of the variables, or Google's own."
  }

  assert {
    condition     = alltrue([for queue in google_cloud_tasks_queue.this : queue.retry_config[0].max_attempts == -1])
    error_message = "It is the function that gives up, and keeps what it gave up."
  }

  assert {
    condition     = keys(google_cloud_tasks_queue_iam_member.creator) == ["flights/relay", "sweeps/relay"] && keys(google_pubsub_topic_iam_member.publisher) == ["kite/relay"]
    error_message = "Nobody makes tasks and events but who declares it."
  }
}

run "the_clock_calls_in_the_pushers_name" {
  command = plan

  module {
    source = "./modules/messaging"
  }

  assert {
    condition = (
      google_cloud_scheduler_job.this["sweep_kites"].schedule == "*/5 * * * *"
      && google_cloud_scheduler_job.this["sweep_kites"].attempt_deadline == "90s"
      && google_cloud_scheduler_job.this["sweep_kites"].http_target[0].uri == "https://sweep.example.com"
      && google_cloud_scheduler_job.this["sweep_kites"].http_target[0].oidc_token[0].service_account_email == "pusher@ventros-test.iam.gserviceaccount.com"
    )
    error_message = "At its time, for as long as it declares, and signed."
  }
}
