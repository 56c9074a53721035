# The secrets' places and who may read them; what they hold is put there by the migration job and never passes Terraform.
variable "region" {
  type = string
}

variable "kms_key" {
  type = string
}

variable "accessors" {
  description = "By secret: the addresses of the accounts that read it, by an id that is known before they are made."
  type        = map(map(string))
}

variable "writers" {
  description = "The same for accounts that put versions there and look whether there are any."
  type        = map(map(string))
}

locals {
  readers = merge([for secret, accounts in var.accessors : { for id, email in accounts : "${secret}/${id}" => { secret = secret, email = email } }]...)
  writers = merge([for secret, accounts in var.writers : { for id, email in accounts : "${secret}/${id}" => { secret = secret, email = email } }]...)
}

resource "google_secret_manager_secret" "this" {
  for_each = var.accessors

  secret_id = each.key

  replication {
    user_managed {
      replicas {
        location = var.region

        dynamic "customer_managed_encryption" {
          for_each = compact([var.kms_key])

          content {
            kms_key_name = customer_managed_encryption.value
          }
        }
      }
    }
  }
}

resource "google_secret_manager_secret_iam_member" "accessor" {
  for_each = merge(local.readers, local.writers)

  secret_id = google_secret_manager_secret.this[each.value.secret].id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${each.value.email}"
}

resource "google_secret_manager_secret_iam_member" "writer" {
  for_each = local.writers

  secret_id = google_secret_manager_secret.this[each.value.secret].id
  role      = "roles/secretmanager.secretVersionAdder"
  member    = "serviceAccount:${each.value.email}"
}
