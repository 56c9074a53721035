variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "kms_key" {
  type = string
}

variable "repository" {
  description = "The connected repository that is watched; empty: none."
  type        = string
}

variable "bundles" {
  description = "The bucket of the functions' zips."
  type        = string
}

variable "build" {
  description = "What cloudbuild.yaml must know of this installation, as its substitutions."
  type        = map(string)
}

variable "accounts" {
  description = "Full names of the accounts that functions and services run as, by id."
  type        = map(string)
}

locals {
  images = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.this["images"].repository_id}"

  watched = var.repository == "" ? {} : {
    deploy = { push = "^main$", pull_request = null, apply = "yes", account = google_service_account.deployer.id }
    plan   = { push = null, pull_request = "^main$", apply = "no", account = google_service_account.planner.id }
  }
}

# One repository for our images and one for those that Cloud Functions builds, so that each is cleaned up by its own rule.
resource "google_artifact_registry_repository" "this" {
  for_each = { images = "Services and the operator", functions = "Built by Cloud Functions" }

  repository_id = each.key
  description   = each.value
  location      = var.region
  format        = "DOCKER"
  kms_key_name  = var.kms_key == "" ? null : var.kms_key

  # What is younger than a month or among the last ten is kept, also by the rule that deletes.
  cleanup_policies {
    id     = "old"
    action = "DELETE"

    condition {
      older_than = "2592000s"
    }
  }

  cleanup_policies {
    id     = "recent"
    action = "KEEP"

    most_recent_versions {
      keep_count = 10
    }
  }
}

# Builds functions: reads their zips, writes their images and its own log, and can do nothing else.
resource "google_service_account" "builder" {
  account_id   = "builder"
  display_name = "Builds functions"
}

resource "google_storage_bucket_iam_member" "builder" {
  bucket = var.bundles
  role   = "roles/storage.objectViewer"
  member = google_service_account.builder.member
}

# Cloud Functions copies the zip to a bucket of its own making before it is built.
resource "google_project_iam_member" "builder_sources" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member

  condition {
    title      = "sources-of-functions"
    expression = "resource.name.startsWith(\"projects/_/buckets/gcf-v2-sources-\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  repository = google_artifact_registry_repository.this["functions"].name
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

resource "google_project_iam_member" "builder" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.builder.member
}

# Applies this configuration, so it may do what the configuration does.
resource "google_service_account" "deployer" {
  account_id   = "deployer"
  display_name = "Tests, builds and deploys"
}

resource "google_project_iam_member" "deployer" {
  # checkov:skip=CKV_GCP_49: it applies this configuration, accounts and their roles among it

  for_each = toset([
    "roles/apigateway.admin",
    "roles/artifactregistry.admin",
    "roles/cloudbuild.builds.editor",
    "roles/cloudfunctions.admin",
    "roles/cloudscheduler.admin",
    "roles/cloudsql.admin",
    "roles/cloudtasks.admin",
    "roles/compute.admin",
    "roles/iam.roleAdmin",
    "roles/iam.serviceAccountAdmin",
    "roles/logging.configWriter",
    "roles/logging.logWriter",
    "roles/monitoring.admin",
    "roles/pubsub.admin",
    "roles/resourcemanager.projectIamAdmin",
    "roles/run.admin",
    "roles/secretmanager.admin",
    "roles/servicenetworking.networksAdmin",
    "roles/serviceusage.serviceUsageAdmin",
    "roles/storage.admin",
    "roles/vpcaccess.admin",
  ])

  project = var.project
  role    = each.value
  member  = google_service_account.deployer.member
}

# It runs a pull request's own code, which nobody may have read yet: it sees what is deployed, and can change nothing.
resource "google_service_account" "planner" {
  account_id   = "planner"
  display_name = "Tests and plans pull requests"
}

# A plan from the state alone asks the cloud only for the project's number.
resource "google_project_iam_member" "planner" {
  for_each = toset(["roles/browser", "roles/logging.logWriter"])

  project = var.project
  role    = each.value
  member  = google_service_account.planner.member
}

resource "google_storage_bucket_iam_member" "planner" {
  for_each = toset(compact([var.repository == "" ? "" : var.build._STATE_BUCKET]))

  bucket = each.value
  role   = "roles/storage.objectViewer"
  member = google_service_account.planner.member
}

# Whoever gives something an account must be allowed to act as it; triggers have these two.
resource "google_service_account_iam_member" "deployer" {
  for_each = merge(var.accounts, {
    builder  = google_service_account.builder.name
    deployer = google_service_account.deployer.name
    planner  = google_service_account.planner.name
  })

  service_account_id = each.value
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.deployer.member
}

# Who may use the key is part of what it applies, and that is the key's own to say.
resource "google_kms_crypto_key_iam_member" "deployer" {
  for_each = toset(compact([var.kms_key]))

  crypto_key_id = each.value
  role          = "roles/cloudkms.admin"
  member        = google_service_account.deployer.member
}

resource "google_cloudbuild_trigger" "this" {
  for_each = local.watched

  name            = each.key
  location        = var.region
  filename        = "cloudbuild.yaml"
  service_account = each.value.account
  substitutions   = merge(var.build, { _APPLY = each.value.apply, _REPOSITORY = local.images })

  repository_event_config {
    repository = var.repository

    dynamic "push" {
      for_each = compact([each.value.push])

      content {
        branch = push.value
      }
    }

    dynamic "pull_request" {
      for_each = compact([each.value.pull_request])

      content {
        branch = pull_request.value
        # Whoever may not write to the repository does not run code here before somebody has looked at it.
        comment_control = "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.build._STATE_BUCKET != ""
      error_message = "A repository is watched and state_bucket is not said: Cloud Build would not find what is deployed."
    }
  }
}
