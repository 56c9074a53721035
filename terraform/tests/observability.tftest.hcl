# Who is told of what.
mock_provider "google" {
  override_during = plan

  mock_resource "google_pubsub_topic" {
    defaults = { id = "projects/ventros-test/topics/spans" }
  }

  mock_resource "google_logging_project_sink" {
    defaults = { writer_identity = "serviceAccount:the-log-router@example.com" }
  }
}

variables {
  project      = "ventros-test"
  region       = "southamerica-east1"
  emails       = ["oncall@example.com"]
  runbooks_url = "https://example.com/runbooks"
  database     = { instance = "ventros", max_connections = 200 }
  unhurried    = ["run-agent", "sweep-outbox"]
  seldom       = ["remove-expired-rows", "reconcile-channels"]
  span_readers = { uses-1 = "serviceAccount:uses-1@ventros-test.iam.gserviceaccount.com" }
  kms_key      = ""
}

run "each_alert_leads_to_its_runbook" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = alltrue([
      for name, policy in google_monitoring_alert_policy.this : policy.documentation[0].content == "[What to do](https://example.com/runbooks/${name}.md)"
    ])
    error_message = "Whoever is woken must find what to do."
  }

  assert {
    condition     = alltrue([for policy in google_monitoring_alert_policy.this : length(policy.notification_channels) == 1])
    error_message = "Each alert must reach somebody."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["database-connections"].conditions[0].condition_threshold[0].threshold_value == 170
    error_message = "The database's limit is the one that the budget was held against."
  }
}

run "log_lines_are_counted_or_measured" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition     = google_logging_metric.this["refused-signatures"].filter == "jsonPayload.message = \"refused\" AND jsonPayload.status = 401"
    error_message = "Only what was signed wrongly counts."
  }

  assert {
    condition = (
      google_logging_metric.this["outbox"].value_extractor == "EXTRACT(jsonPayload.oldest_seconds)"
      && google_logging_metric.this["outbox"].metric_descriptor[0].value_type == "DISTRIBUTION"
      && google_logging_metric.this["dead-letters"].metric_descriptor[0].value_type == "INT64"
    )
    error_message = "An age is measured, and events are counted."
  }
}

run "only_what_somebody_waits_for_is_slow" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = strcontains(
      google_monitoring_alert_policy.this["latency"].conditions[0].condition_threshold[0].filter,
      "AND resource.labels.service_name != monitoring.regex.full_match(\"run-agent|sweep-outbox\")",
    )
    error_message = "A bot that thinks for a while wakes nobody."
  }
}

run "few_errors_are_told_of_at_small_traffic_too" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = alltrue([
      for condition in google_monitoring_alert_policy.this["server-errors"].conditions[0].condition_threshold :
      condition.threshold_value == 3 && condition.duration == "0s"
      && condition.aggregations[0].alignment_period == "300s" && condition.aggregations[0].per_series_aligner == "ALIGN_DELTA"
    ])
    error_message = "Four errors within five minutes are told of, however few calls there are."
  }

  assert {
    condition     = google_monitoring_alert_policy.this["dead-letters"].conditions[0].condition_threshold[0].aggregations[0].alignment_period == "60s"
    error_message = "What says nothing else is looked at by the minute."
  }

  assert {
    condition = strcontains(
      google_monitoring_alert_policy.this["delivery-failed"].conditions[0].condition_threshold[0].filter, "/ventros-delivery-failed\""
    ) && google_monitoring_alert_policy.this["delivery-failed"].conditions[0].condition_threshold[0].threshold_value == 0
    error_message = "One delivery that is not kept is one too many."
  }
}

run "what_is_not_measured_is_told_of_and_what_is_not_counted_is_over" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      google_monitoring_alert_policy.this["outbox-age"].conditions[1].condition_absent[0].duration == "600s"
      && google_monitoring_alert_policy.this["outbox-age"].conditions[1].condition_absent[0].filter == google_monitoring_alert_policy.this["outbox-age"].conditions[0].condition_threshold[0].filter
    )
    error_message = "An outbox that nobody looks at is no empty outbox."
  }

  assert {
    condition = alltrue([
      for name, policy in google_monitoring_alert_policy.this :
      join(" ", [for strategy in policy.alert_strategy : strategy.auto_close]) == (policy.conditions[0].condition_threshold[0].aggregations[0].per_series_aligner == "ALIGN_DELTA" ? "1800s" : "")
    ])
    error_message = "Only what is counted is over when nothing is there to count."
  }

  assert {
    condition     = length(google_monitoring_alert_policy.this["dead-letters"].alert_strategy) == 1 && length(google_monitoring_alert_policy.this["outbox-age"].alert_strategy) == 0
    error_message = "Dead letters are counted, and an age is measured."
  }
}

run "no_schedule_fails_in_silence" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      google_monitoring_alert_policy.this["schedule-failed"].conditions[0].condition_threshold[0].threshold_value == 1
      && google_monitoring_alert_policy.this["schedule-failed"].conditions[0].condition_threshold[0].aggregations[0].alignment_period == "600s"
    )
    error_message = "What runs every five minutes is told of when it fails twice."
  }

  assert {
    condition = (
      google_monitoring_alert_policy.this["seldom-schedule-failed"].conditions[0].condition_threshold[0].threshold_value == 0
      && strcontains(
        google_monitoring_alert_policy.this["seldom-schedule-failed"].conditions[0].condition_threshold[0].filter,
        "AND resource.labels.service_name = monitoring.regex.full_match(\"reconcile-channels|remove-expired-rows\")",
      )
    )
    error_message = "What runs once a day is told of when it fails once."
  }
}

run "a_filter_that_monitoring_would_refuse_is_found_in_the_plan" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    unhurried = [for place in range(200) : "a-function-of-many-${place}"]
  }

  expect_failures = [google_monitoring_alert_policy.this]
}

run "spans_go_from_the_log_to_whoever_hands_them_to_cloud_trace" {
  command = plan

  module {
    source = "./modules/observability"
  }

  assert {
    condition = (
      google_logging_project_sink.spans.destination == "pubsub.googleapis.com/${google_pubsub_topic.spans.id}"
      && google_logging_project_sink.spans.unique_writer_identity
      && google_pubsub_topic_iam_member.spans.topic == google_pubsub_topic.spans.id
      && google_pubsub_topic_iam_member.spans.role == "roles/pubsub.publisher"
      && google_pubsub_topic_iam_member.spans.member == google_logging_project_sink.spans.writer_identity
    )
    error_message = "The log router carries spans to their topic, and it may."
  }

  assert {
    condition = (
      google_logging_project_sink.spans.filter == google_logging_project_exclusion.spans.filter
      && strcontains(google_logging_project_sink.spans.filter, "jsonPayload.message = \"span\"")
    )
    error_message = "What is carried is what is not paid for as a line to read, and nothing else."
  }

  assert {
    condition = (
      google_pubsub_subscription.spans.topic == google_pubsub_topic.spans.id
      && google_pubsub_subscription_iam_member.span_readers["uses-1"].subscription == "spans"
      && google_pubsub_subscription_iam_member.span_readers["uses-1"].role == "roles/pubsub.subscriber"
    )
    error_message = "They wait to be fetched by the name that the code knows, and whoever fetches them may."
  }

  assert {
    condition = alltrue([
      for member in [google_project_iam_member.span_readers["uses-1"], google_project_iam_member.span_quota["uses-1"]] :
      member.member == "serviceAccount:uses-1@ventros-test.iam.gserviceaccount.com"
      ]) && toset([google_project_iam_member.span_readers["uses-1"].role, google_project_iam_member.span_quota["uses-1"].role]) == toset([
      "roles/telemetry.tracesWriter", "roles/serviceusage.serviceUsageConsumer",
    ])
    error_message = "Cloud Trace takes them from the same account, on the project's own quota."
  }
}
