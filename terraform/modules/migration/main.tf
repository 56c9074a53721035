# Runs to its end within `apply`, before any function is deployed: secrets that are missing, roles, limits, schema.
variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "image" {
  description = "The operator's image, by a tag that says what is in it: a new one runs the job again."
  type        = string
}

variable "account" {
  type = object({ email = string })
}

variable "network" {
  type = object({ network = string, subnetwork = string })
}

variable "database" {
  type = object({ connection_name = string, address = string })
}

variable "pooler" {
  description = "Where functions connect; the database's own address where it pools connections itself."
  type        = string
}

variable "secrets" {
  description = "Ids of the secrets by name."
  type        = map(string)
}

variable "links" {
  description = "The account by which links to stored files let in."
  type        = string
}

variable "limits" {
  description = "CONNECTION LIMIT by role."
  type        = map(number)
}

locals {
  environment = {
    GOOGLE_PROJECT    = var.project
    DATABASE_INSTANCE = var.database.connection_name
    DATABASE_HOST     = var.database.address
    POOLER_HOST       = var.pooler
    CONNECTION_LIMITS = jsonencode(var.limits)
    LINKS_ACCOUNT     = var.links
  }
}

resource "google_cloud_run_v2_job" "this" {
  name                = "prepare"
  location            = var.region
  deletion_protection = false

  template {
    template {
      service_account = var.account.email
      max_retries     = 1
      timeout         = "1800s"

      containers {
        image   = var.image
        command = ["python", "-m", "infra.cli", "prepare"]

        dynamic "env" {
          for_each = local.environment

          content {
            name  = env.key
            value = env.value
          }
        }

        resources {
          limits = { cpu = "1", memory = "1Gi" }
        }
      }

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = var.network.network
          subnetwork = var.network.subnetwork
        }
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.image != ""
      error_message = "There is no operator's image: run `python3 -m infra publish`, and give Terraform what it wrote."
    }
  }
}

# What an operator does to the database by hand, from inside the network: the arguments of an execution say what.
resource "google_cloud_run_v2_job" "operator" {
  name                = "operator"
  location            = var.region
  deletion_protection = false

  template {
    template {
      service_account = var.account.email
      max_retries     = 0
      timeout         = "1800s"

      containers {
        image   = var.image
        command = ["python", "-m", "infra.cli"]
        args    = ["audit"]

        env {
          name  = "DATABASE_CA"
          value = "/secrets/database_ca/value"
        }

        env {
          name = "OWNER_DATABASE_URL"

          value_source {
            secret_key_ref {
              secret  = var.secrets["owner_database_url"]
              version = "latest"
            }
          }
        }

        volume_mounts {
          name       = "database-ca"
          mount_path = "/secrets/database_ca"
        }

        resources {
          limits = { cpu = "1", memory = "1Gi" }
        }
      }

      volumes {
        name = "database-ca"

        secret {
          secret = var.secrets["database_ca"]

          items {
            path    = "value"
            version = "latest"
          }
        }
      }

      vpc_access {
        egress = "PRIVATE_RANGES_ONLY"

        network_interfaces {
          network    = var.network.network
          subnetwork = var.network.subnetwork
        }
      }
    }
  }

  # Its secrets have a first version only then.
  depends_on = [terraform_data.run]
}

# The provider's own way to run a job while it is applied is in a preview.
resource "terraform_data" "run" {
  # A new secret has no first version yet. What names the secrets also waits until the job may write them.
  triggers_replace = [var.image, local.environment, var.secrets]

  provisioner "local-exec" {
    command = "gcloud run jobs execute ${google_cloud_run_v2_job.this.name} --project ${var.project} --region ${var.region} --wait"
  }
}

output "job" {
  value = google_cloud_run_v2_job.this.name

  depends_on = [terraform_data.run]
}
