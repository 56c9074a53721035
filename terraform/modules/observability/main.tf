variable "project" {
  type = string
}

variable "emails" {
  type = list(string)
}

variable "runbooks_url" {
  type = string
}

variable "database" {
  type = object({ instance = string, max_connections = number })
}

variable "budget" {
  type = object({ billing_account = string, currency = string, amount = number })
}

locals {
  database = "resource.type = \"cloudsql_database\" AND resource.labels.database_id = \"${var.project}:${var.database.instance}\""

  # What is watched of Google's own figures; `per` names the labels that are told apart.
  alerts = {
    dead-letters = {
      title     = "Events could not be consumed"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/num_undelivered_messages\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id = \"dead-letters\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.subscription_id"]
      threshold = 0
      lasting   = "0s"
    }
    events-waiting = {
      title     = "An event has waited for five minutes"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type = \"pubsub_subscription\" AND resource.labels.subscription_id != \"dead-letters\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      per       = ["resource.labels.subscription_id"]
      threshold = 300
      lasting   = "60s"
    }
    server-errors = {
      title     = "A function answers with errors"
      filter    = "metric.type = \"run.googleapis.com/request_count\" AND resource.type = \"cloud_run_revision\" AND metric.labels.response_code_class = \"5xx\""
      aligner   = "ALIGN_RATE"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 0.1
      lasting   = "300s"
    }
    latency = {
      title     = "A function is slow: p95 above three seconds"
      filter    = "metric.type = \"run.googleapis.com/request_latencies\" AND resource.type = \"cloud_run_revision\""
      aligner   = "ALIGN_PERCENTILE_95"
      reducer   = "REDUCE_MAX"
      per       = ["resource.labels.service_name"]
      threshold = 3000
      lasting   = "600s"
    }
    database-connections = {
      title     = "The database's connections run out"
      filter    = "metric.type = \"cloudsql.googleapis.com/database/postgresql/num_backends\" AND ${local.database}"
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.database_id"]
      threshold = floor(var.database.max_connections * 0.85)
      lasting   = "120s"
    }
    database-cpu = {
      title     = "The database is busy"
      filter    = "metric.type = \"cloudsql.googleapis.com/database/cpu/utilization\" AND ${local.database}"
      aligner   = "ALIGN_MEAN"
      reducer   = "REDUCE_MAX"
      per       = ["resource.labels.database_id"]
      threshold = 0.85
      lasting   = "600s"
    }
  }
}

resource "google_monitoring_notification_channel" "email" {
  for_each = toset(var.emails)

  display_name = each.value
  type         = "email"
  labels       = { email_address = each.value }
}

resource "google_monitoring_alert_policy" "this" {
  for_each = local.alerts

  display_name          = each.value.title
  combiner              = "OR"
  notification_channels = [for channel in google_monitoring_notification_channel.email : channel.id]

  conditions {
    display_name = each.value.title

    condition_threshold {
      filter          = each.value.filter
      comparison      = "COMPARISON_GT"
      threshold_value = each.value.threshold
      duration        = each.value.lasting

      aggregations {
        alignment_period     = "60s"
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.per
      }
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = var.runbooks_url == "" ? "See infra/runbooks/${each.key}.md." : "[What to do](${var.runbooks_url}/${each.key}.md)"
  }
}

resource "google_billing_budget" "this" {
  count = var.budget.billing_account == "" ? 0 : 1

  billing_account = var.budget.billing_account
  display_name    = "Ventros, ${var.project}"

  budget_filter {
    projects = ["projects/${var.project}"]
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(floor(var.budget.amount))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]

    content {
      threshold_percent = threshold_rules.value
    }
  }
}
