# Who is told of what.
mock_provider "google" {
  override_during = plan
}

variables {
  project      = "ventros-test"
  region       = "southamerica-east1"
  emails       = ["oncall@example.com"]
  runbooks_url = "https://example.com/runbooks"
  database     = { instance = "ventros", max_connections = 200 }
  budget       = { billing_account = "", currency = "USD", amount = 0 }
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

run "a_budget_speaks_to_the_same_people" {
  command = plan

  module {
    source = "./modules/observability"
  }

  variables {
    budget = { billing_account = "000000-000000-000000", currency = "USD", amount = 500.5 }
  }

  assert {
    condition     = google_billing_budget.this[0].amount[0].specified_amount[0].units == "500" && length(google_billing_budget.this[0].all_updates_rule) == 1
    error_message = "What it costs is watched where there is a billing account."
  }
}
