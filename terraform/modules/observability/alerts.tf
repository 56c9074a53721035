locals {
  database  = "resource.type = \"cloudsql_database\" AND resource.labels.database_id = \"${var.project}:${var.database.instance}\""
  functions = "resource.type = \"cloud_run_revision\""
  poolers   = "resource.type = \"gce_instance\""

  # Somebody waits for what the rest answers. Those left out are the fewer: a filter has 2,048 characters at most.
  waited_for = "resource.labels.service_name != monitoring.regex.full_match(\"${join("|", var.unhurried)}\")"

  seldom = "resource.labels.service_name = monitoring.regex.full_match(\"${join("|", var.seldom)}\")"

  # What somebody is told of; the name is its runbook's. `per` are the labels that are told apart, and `period` is what
  # is looked at as one, a minute unless it says otherwise. `silent` is how long what is measured may go unmeasured.
  alerts = {
    outbox-age = {
      title     = "Events wait to be published: the relay does not keep up"
      filter    = "${local.counted["outbox"]} AND ${local.functions}"
      aligner   = "ALIGN_PERCENTILE_99"
      reducer   = "REDUCE_MAX"
      per       = []
      threshold = 30
      lasting   = "120s"
      silent    = "600s"
    }
    dead-letters = {
      title     = "A function could not take what it was given"
      filter    = "${local.counted["dead-letters"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 0
      lasting   = "0s"
    }
    dead-letters-lost = {
      title     = "Dead letters cannot be kept"
      filter    = "${local.counted["dead-letters-lost"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 0
      lasting   = "0s"
    }
    events-waiting = {
      title     = "An event has waited for five minutes to be taken"
      filter    = "metric.type = \"pubsub.googleapis.com/subscription/oldest_unacked_message_age\" AND resource.type = \"pubsub_subscription\""
      aligner   = "ALIGN_MAX"
      reducer   = "REDUCE_MAX"
      per       = ["resource.labels.subscription_id"]
      threshold = 300
      lasting   = "60s"
    }
    server-errors = {
      title     = "A function answers with errors"
      filter    = "metric.type = \"run.googleapis.com/request_count\" AND ${local.functions} AND metric.labels.response_code_class = \"5xx\""
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      period    = "300s"
      threshold = 3
      lasting   = "0s"
    }
    delivery-failed = {
      title     = "A provider's delivery could not be kept"
      filter    = "${local.counted["delivery-failed"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 0
      lasting   = "0s"
    }
    # What runs every five minutes has failed for five minutes when it has failed twice.
    schedule-failed = {
      title     = "A schedule fails again and again"
      filter    = "${local.counted["schedule-failed"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      period    = "600s"
      threshold = 1
      lasting   = "0s"
    }
    seldom-schedule-failed = {
      title     = "A schedule failed that runs once an hour or a day"
      filter    = "${local.counted["schedule-failed"]} AND ${local.functions} AND ${local.seldom}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 0
      lasting   = "0s"
    }
    latency = {
      title     = "Callers wait: p95 of a function of the API above three seconds"
      filter    = "metric.type = \"run.googleapis.com/request_latencies\" AND ${local.functions} AND ${local.waited_for}"
      aligner   = "ALIGN_PERCENTILE_95"
      reducer   = "REDUCE_MAX"
      per       = ["resource.labels.service_name"]
      threshold = 3000
      lasting   = "600s"
    }
    signature-failures = {
      title     = "Many deliveries are signed wrongly"
      filter    = "${local.counted["refused-signatures"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = ["resource.labels.service_name"]
      threshold = 20
      lasting   = "300s"
    }
    unforeseen-events = {
      title     = "A provider tells of events that nobody foresaw"
      filter    = "${local.counted["unforeseen-events"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = []
      threshold = 0
      lasting   = "0s"
    }
    misdirected-deliveries = {
      title     = "A provider delivers what is another channel's"
      filter    = "${local.counted["misdirected-deliveries"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = []
      threshold = 0
      lasting   = "0s"
    }
    breaker-open = {
      title     = "Calls are not counted: the breaker before the counters' store is open"
      filter    = "${local.counted["counters-away"]} AND ${local.functions}"
      aligner   = "ALIGN_DELTA"
      reducer   = "REDUCE_SUM"
      per       = []
      threshold = 0
      lasting   = "120s"
    }
    pooler-waiting = {
      title     = "Functions wait for a connection to the database"
      filter    = "${local.counted["pool-wait"]} AND ${local.poolers}"
      aligner   = "ALIGN_PERCENTILE_99"
      reducer   = "REDUCE_MAX"
      per       = []
      threshold = 2
      lasting   = "120s"
    }
    pooler-cpu = {
      title     = "A pooler is busy"
      filter    = "metric.type = \"compute.googleapis.com/instance/cpu/utilization\" AND ${local.poolers} AND metric.labels.instance_name = starts_with(\"pooler-\")"
      aligner   = "ALIGN_MEAN"
      reducer   = "REDUCE_MAX"
      per       = ["metric.labels.instance_name"]
      threshold = 0.8
      lasting   = "300s"
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
        alignment_period     = try(each.value.period, "60s")
        per_series_aligner   = each.value.aligner
        cross_series_reducer = each.value.reducer
        group_by_fields      = each.value.per
      }
    }
  }

  dynamic "conditions" {
    for_each = compact([try(each.value.silent, "")])

    content {
      display_name = "Nobody has measured it"

      condition_absent {
        filter   = each.value.filter
        duration = conditions.value

        aggregations {
          alignment_period     = try(each.value.period, "60s")
          per_series_aligner   = each.value.aligner
          cross_series_reducer = each.value.reducer
          group_by_fields      = each.value.per
        }
      }
    }
  }

  # Where nothing happens nothing is counted, and what is not counted is not seen to be over.
  dynamic "alert_strategy" {
    for_each = each.value.aligner == "ALIGN_DELTA" ? ["1800s"] : []

    content {
      auto_close = alert_strategy.value
    }
  }

  documentation {
    mime_type = "text/markdown"
    content   = var.runbooks_url == "" ? "What to do is in infra/runbooks/${each.key}.md." : "[What to do](${var.runbooks_url}/${each.key}.md)"
  }

  depends_on = [terraform_data.known]

  lifecycle {
    precondition {
      condition     = length(each.value.filter) <= 2048
      error_message = "Monitoring takes filters of 2,048 characters, and that of ${each.key} is longer."
    }
  }
}
