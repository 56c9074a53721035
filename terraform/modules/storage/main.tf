variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "kms_key" {
  type = string
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

output "bundles" {
  value = google_storage_bucket.bundles.name
}
