variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "kms_key" {
  type = string
}

variable "storing" {
  description = "Members that keep files of conversations, by account id."
  type        = map(string)
}

variable "links" {
  description = "The member in whose name links to stored files let in."
  type        = string
}

resource "google_storage_bucket" "bundles" {
  # checkov:skip=CKV_GCP_62: it holds code that the repository holds too; who reads it is in the audit logs

  name                        = "${var.project}-bundles"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # A deployed function is an image; its zip is needed again only to go back to it.
  lifecycle_rule {
    condition {
      days_since_noncurrent_time = 30
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  dynamic "encryption" {
    for_each = compact([var.kms_key])

    content {
      default_kms_key_name = encryption.value
    }
  }
}

# Pictures, voice and documents of conversations; functions delete what is over.
resource "google_storage_bucket" "media" {
  # checkov:skip=CKV_GCP_62: who reads it is in the audit logs
  # checkov:skip=CKV_GCP_78: a file that is forgotten shall be gone, and none is ever written over

  name                        = "${var.project}-media"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  soft_delete_policy {
    retention_duration_seconds = 0
  }

  # What was brought and never taken over; the name is shared/crm/media/names.py's.
  lifecycle_rule {
    condition {
      age            = 1
      matches_prefix = ["incoming/"]
    }
    action {
      type = "Delete"
    }
  }

  lifecycle_rule {
    condition {
      age = 1
    }
    action {
      type = "AbortIncompleteMultipartUpload"
    }
  }

  # A signed link is what lets in; whose page uses it says nothing.
  cors {
    origin          = ["*"]
    method          = ["GET", "PUT"]
    response_header = ["Content-Type", "Content-Range", "ETag"]
    max_age_seconds = 3600
  }

  dynamic "encryption" {
    for_each = compact([var.kms_key])

    content {
      default_kms_key_name = encryption.value
    }
  }
}

resource "google_storage_bucket_iam_member" "media" {
  for_each = var.storing

  bucket = google_storage_bucket.media.name
  role   = "roles/storage.objectUser"
  member = each.value
}

# A link shows a file, or takes one where nothing lies; none deletes, and none writes over.
resource "google_storage_bucket_iam_member" "links" {
  for_each = toset(["roles/storage.objectViewer", "roles/storage.objectCreator"])

  bucket = google_storage_bucket.media.name
  role   = each.value
  member = var.links
}

output "media" {
  description = "The bucket of files, once those who keep them there may."
  value       = google_storage_bucket.media.name

  depends_on = [google_storage_bucket_iam_member.media, google_storage_bucket_iam_member.links]
}

output "bundles" {
  value = google_storage_bucket.bundles.name
}
