# What is alerted on is what is shown, each with the line above which somebody is told; then what explains it.
locals {
  shown = merge({ for name, each in local.alerts : name => merge(each, { threshold = each.threshold }) }, {
    requests = {
      title   = "Requests a second, by function"
      filter  = "metric.type = \"run.googleapis.com/request_count\" AND ${local.functions}"
      aligner = "ALIGN_RATE"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.service_name"]
    }
    instances = {
      title   = "Instances, by function"
      filter  = "metric.type = \"run.googleapis.com/container/instance_count\" AND ${local.functions}"
      aligner = "ALIGN_MAX"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.service_name"]
    }
    published = {
      title   = "Events published a second, by aggregate"
      filter  = "metric.type = \"pubsub.googleapis.com/topic/send_message_operation_count\" AND resource.type = \"pubsub_topic\""
      aligner = "ALIGN_RATE"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.topic_id"]
    }
    tasks = {
      title   = "Tasks that wait, by queue"
      filter  = "metric.type = \"cloudtasks.googleapis.com/queue/depth\" AND resource.type = \"cloud_tasks_queue\""
      aligner = "ALIGN_MAX"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.queue_id"]
    }
    failures = {
      title   = "Requests that failed on our side, by function"
      filter  = "${local.counted["failures"]} AND ${local.functions}"
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.service_name"]
    }
    preflight-failed = {
      title   = "Pages that could not be told whether they may call"
      filter  = "${local.counted["preflight-failed"]} AND ${local.functions}"
      aligner = "ALIGN_DELTA"
      reducer = "REDUCE_SUM"
      per     = ["resource.labels.service_name"]
    }
    pool-clients = {
      title   = "Connections of functions to the poolers"
      filter  = "${local.counted["pool-clients"]} AND ${local.poolers}"
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      per     = []
    }
    pool-servers = {
      title   = "Connections of the poolers to the database"
      filter  = "${local.counted["pool-servers"]} AND ${local.poolers}"
      aligner = "ALIGN_PERCENTILE_99"
      reducer = "REDUCE_MAX"
      per     = []
    }
  })

  charts = [
    for name, each in local.shown : {
      title = each.title
      xyChart = {
        dataSets = [{
          plotType = "LINE"
          timeSeriesQuery = {
            timeSeriesFilter = {
              filter = each.filter
              aggregation = {
                alignmentPeriod    = try(each.period, "60s")
                perSeriesAligner   = each.aligner
                crossSeriesReducer = each.reducer
                groupByFields      = each.per
              }
            }
          }
        }]
        thresholds = [for line in compact([try(tostring(each.threshold), "")]) : { value = tonumber(line) }]
      }
    }
  ]

  # Two beside each other.
  tiles = [
    for place, chart in local.charts : {
      xPos   = place % 2 * 24
      yPos   = floor(place / 2) * 16
      width  = 24
      height = 16
      widget = chart
    }
  ]
}

resource "google_monitoring_dashboard" "this" {
  dashboard_json = jsonencode({
    displayName  = "Ventros"
    mosaicLayout = { columns = 48, tiles = local.tiles }
  })

  depends_on = [terraform_data.known]
}
