# What is counted of our own log lines: `message` is what the code writes, word for word.
locals {
  lines = {
    outbox = {
      about   = "Seconds that the oldest event or task waits to be published, measured once a minute"
      message = "outbox"
      value   = "oldest_seconds"
    }
    dead-letters = {
      about   = "Events and tasks that a function could not take and kept"
      message = "kept as a dead letter"
    }
    dead-letters-lost = {
      about   = "Dead letters that could not even be kept, and are tried again"
      message = "not buried"
    }
    refused-signatures = {
      about   = "Deliveries whose signature or address was not a channel's"
      message = "refused"
      also    = "jsonPayload.status = 401"
    }
    unforeseen-events = {
      about   = "Deliveries of an event that no code knows; they are kept as they came"
      message = "an event that nobody foresaw is kept raw"
    }
    misdirected-deliveries = {
      about   = "Deliveries of another session of a server than that of the channel they came by; they are kept as they came"
      message = "a delivery of another session is kept raw"
    }
    counters-away = {
      about   = "The breaker before the store that calls are counted in is open"
      message = "the rate limits' store is away"
    }
    schedule-failed = {
      about   = "Runs of schedules that failed"
      message = "schedule failed"
    }
    delivery-failed = {
      about   = "Deliveries of providers that could not be kept, which they are asked to make again"
      message = "delivery failed"
    }
    preflight-failed = {
      about   = "Browsers that could not be told whether their page may call"
      message = "preflight failed"
    }
    failures = {
      about   = "Requests that failed on our side"
      message = "failed"
    }
    pool-wait = {
      about   = "Seconds that a client has waited for a connection to the database"
      message = "pools"
      value   = "longest_wait"
    }
    pool-clients = {
      about   = "Connections of functions to one pooler"
      message = "pools"
      value   = "clients"
    }
    pool-servers = {
      about   = "Connections of one pooler to the database"
      message = "pools"
      value   = "servers"
    }
  }

  # As Monitoring knows them.
  counted = { for name, each in local.lines : name => "metric.type = \"logging.googleapis.com/user/${google_logging_metric.this[name].name}\"" }
}

resource "google_logging_metric" "this" {
  for_each = local.lines

  name        = "ventros-${each.key}"
  description = each.value.about
  filter      = join(" AND ", compact(["jsonPayload.message = \"${each.value.message}\"", try(each.value.also, "")]))

  value_extractor = can(each.value.value) ? "EXTRACT(jsonPayload.${each.value.value})" : null

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = can(each.value.value) ? "DISTRIBUTION" : "INT64"
  }

  dynamic "bucket_options" {
    for_each = can(each.value.value) ? [1] : []

    content {
      exponential_buckets {
        num_finite_buckets = 40
        growth_factor      = 1.5
        scale              = 0.1
      }
    }
  }
}

# Monitoring knows a new metric only after a while, and refuses alerts for those it does not know.
resource "terraform_data" "known" {
  triggers_replace = [for metric in google_logging_metric.this : metric.id]

  provisioner "local-exec" {
    command = "sleep 60"
  }
}
