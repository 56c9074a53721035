# Topics, subscriptions, queues and jobs, as the local cloud makes them from the same declarations.
locals {
  triggers      = { for each in var.manifest.functions : each.name => each.trigger }
  burial        = one([for each in var.manifest.functions : each.name if contains(each.trigger.topics, "dead-letters")])
  schedules     = { for each in var.manifest.functions : each.name => each if each.kind == "schedule" }
  subscriptions = { for each in var.manifest.subscriptions : each.name => each }
  pubsub        = "serviceAccount:service-${var.number}@gcp-sa-pubsub.iam.gserviceaccount.com"
}

resource "google_pubsub_topic" "events" {
  # checkov:skip=CKV_GCP_83: a key of one's own is an option, kms_key

  for_each = toset(var.manifest.topics)

  name         = each.value
  kms_key_name = var.kms_key == "" ? null : var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_topic" "dead_letters" {
  # checkov:skip=CKV_GCP_83: as above

  name         = "dead-letters"
  kms_key_name = var.kms_key == "" ? null : var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

# What no consumer took goes to the function that keeps it, and is tried there until it is kept.
resource "google_pubsub_subscription" "dead_letters" {
  name                       = "dead-letters"
  topic                      = google_pubsub_topic.dead_letters.id
  ack_deadline_seconds       = local.triggers[local.burial].ack_deadline
  message_retention_duration = "604800s"

  push_config {
    push_endpoint = var.urls[local.burial]

    oidc_token {
      service_account_email = var.pusher.email
      audience              = var.urls[local.burial]
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  expiration_policy {
    ttl = ""
  }
}

resource "google_pubsub_subscription" "push" {
  for_each = local.subscriptions

  name                    = each.key
  topic                   = google_pubsub_topic.events[each.value.topic].id
  filter                  = each.value.filter
  enable_message_ordering = local.triggers[each.value.consumer].ordered
  ack_deadline_seconds    = local.triggers[each.value.consumer].ack_deadline

  push_config {
    push_endpoint = var.urls[each.value.consumer]

    oidc_token {
      service_account_email = var.pusher.email
      audience              = var.urls[each.value.consumer]
    }
  }

  retry_policy {
    minimum_backoff = "10s"
    maximum_backoff = "600s"
  }

  dead_letter_policy {
    dead_letter_topic     = google_pubsub_topic.dead_letters.id
    max_delivery_attempts = local.triggers[each.value.consumer].max_attempts
  }

  expiration_policy {
    ttl = ""
  }

  # A filter cannot be changed, so its hash is in the name. For a moment both deliver, and the inbox sorts it out.
  lifecycle {
    create_before_destroy = true
  }
}

resource "google_pubsub_topic_iam_member" "publisher" {
  for_each = { for pair in setproduct(var.manifest.topics, keys(var.publishers)) : "${pair[0]}/${pair[1]}" => pair }

  topic  = google_pubsub_topic.events[each.value[0]].id
  role   = "roles/pubsub.publisher"
  member = var.publishers[each.value[1]]
}

# Pub/Sub itself buries dead letters, and takes them off the subscription for that.
resource "google_pubsub_topic_iam_member" "buries" {
  topic  = google_pubsub_topic.dead_letters.id
  role   = "roles/pubsub.publisher"
  member = local.pubsub
}

resource "google_pubsub_subscription_iam_member" "buries" {
  for_each = local.subscriptions

  subscription = google_pubsub_subscription.push[each.key].name
  role         = "roles/pubsub.subscriber"
  member       = local.pubsub
}

resource "google_service_account_iam_member" "pubsub_signs_as_pusher" {
  service_account_id = var.pusher.name
  role               = "roles/iam.serviceAccountTokenCreator"
  member             = local.pubsub
}

resource "google_cloud_tasks_queue" "this" {
  for_each = toset(var.manifest.queues)

  name     = each.value
  location = var.region

  rate_limits {
    max_dispatches_per_second = try(var.queue_rates[each.value].per_second, 500)
    max_concurrent_dispatches = try(var.queue_rates[each.value].at_once, 1000)
  }

  # A task that fails for good is kept by its function; the queue itself never gives up.
  retry_config {
    max_attempts = -1
    min_backoff  = "1s"
    max_backoff  = "300s"
  }
}

resource "google_cloud_tasks_queue_iam_member" "creator" {
  for_each = { for pair in setproduct(var.manifest.queues, keys(var.task_creators)) : "${pair[0]}/${pair[1]}" => pair }

  name     = google_cloud_tasks_queue.this[each.value[0]].name
  location = var.region
  role     = "roles/cloudtasks.enqueuer"
  member   = var.task_creators[each.value[1]]
}

resource "google_cloud_scheduler_job" "this" {
  for_each = local.schedules

  name             = each.key
  region           = var.region
  schedule         = each.value.trigger.cron
  time_zone        = "Etc/UTC"
  attempt_deadline = "${each.value.timeout}s"

  http_target {
    http_method = "POST"
    uri         = var.urls[each.key]

    oidc_token {
      service_account_email = var.pusher.email
      audience              = var.urls[each.key]
    }
  }

  # The next minute comes soon enough.
  retry_config {
    retry_count = 0
  }
}
