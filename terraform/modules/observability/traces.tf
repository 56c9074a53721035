# Functions write their spans as log lines; the log router carries those to a topic, where they are fetched.
locals {
  spans = "jsonPayload.message = \"span\" AND resource.type = \"cloud_run_revision\""
}

resource "google_pubsub_topic" "spans" {
  # checkov:skip=CKV_GCP_83: a key of one's own is an option, kms_key

  name         = "spans"
  kms_key_name = var.kms_key == "" ? null : var.kms_key

  message_storage_policy {
    allowed_persistence_regions = [var.region]
  }
}

resource "google_pubsub_subscription" "spans" {
  name                       = "spans"
  topic                      = google_pubsub_topic.spans.id
  ack_deadline_seconds       = 60
  message_retention_duration = "86400s"

  expiration_policy {
    ttl = ""
  }
}

resource "google_logging_project_sink" "spans" {
  name                   = "spans"
  destination            = "pubsub.googleapis.com/${google_pubsub_topic.spans.id}"
  filter                 = local.spans
  unique_writer_identity = true
}

resource "google_pubsub_topic_iam_member" "spans" {
  topic  = google_pubsub_topic.spans.id
  role   = "roles/pubsub.publisher"
  member = google_logging_project_sink.spans.writer_identity
}

# They are of no use among the lines that people read, and would be paid for there.
resource "google_logging_project_exclusion" "spans" {
  name        = "spans"
  description = "Carried to the topic of the same name instead"
  filter      = local.spans
}

resource "google_pubsub_subscription_iam_member" "span_readers" {
  for_each = var.span_readers

  subscription = google_pubsub_subscription.spans.name
  role         = "roles/pubsub.subscriber"
  member       = each.value
}

resource "google_project_iam_member" "span_readers" {
  for_each = var.span_readers

  project = var.project
  role    = "roles/telemetry.tracesWriter"
  member  = each.value
}

# They say whose quota a batch counts against, which Google lets only those say who may use the project's services.
resource "google_project_iam_member" "span_quota" {
  for_each = var.span_readers

  project = var.project
  role    = "roles/serviceusage.serviceUsageConsumer"
  member  = each.value
}
