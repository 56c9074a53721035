# Long-lived processes that answer no requests: Cloud Run worker pools, which neither need a port nor sleep.
variable "region" {
  type = string
}

variable "services" {
  type = map(object({
    kind        = string
    summary     = string
    concurrency = number
    memory      = number
    timeout     = number
    warm        = bool
    uses        = list(string)
  }))
}

variable "images" {
  type = map(string)
}

variable "instances" {
  type = map(number)
}

variable "accounts" {
  type = map(string)
}

variable "secrets" {
  description = "By service: the ids of its secrets by setting."
  type        = map(map(string))
}

variable "settings" {
  type = map(string)
}

variable "network" {
  type = object({ network = string, subnetwork = string })
}

locals {
  folder = "/secrets"
  files = {
    for name, secrets in var.secrets : name => {
      # database_ca is the path of a file by itself; of all others the file's content is the setting.
      for setting in keys(secrets) : upper(setting == "database_ca" ? setting : "${setting}_file") => "${local.folder}/${setting}/value"
    }
  }
}

resource "google_cloud_run_v2_worker_pool" "this" {
  for_each = var.services

  name                = replace(each.key, "_", "-")
  description         = each.value.summary
  location            = var.region
  launch_stage        = "BETA"
  deletion_protection = false

  scaling {
    manual_instance_count = var.instances[each.key]
  }

  template {
    service_account = var.accounts[each.key]

    containers {
      image = var.images[each.key]

      dynamic "env" {
        for_each = merge(var.settings, local.files[each.key], { THREADS = tostring(each.value.concurrency) })

        content {
          name  = env.key
          value = env.value
        }
      }

      dynamic "volume_mounts" {
        for_each = var.secrets[each.key]

        content {
          name       = replace(volume_mounts.key, "_", "-")
          mount_path = "${local.folder}/${volume_mounts.key}"
        }
      }

      resources {
        limits = { cpu = "1", memory = "${each.value.memory}Mi" }
      }
    }

    dynamic "volumes" {
      for_each = var.secrets[each.key]

      content {
        name = replace(volumes.key, "_", "-")

        secret {
          secret = volumes.value

          items {
            path    = "value"
            version = "latest"
          }
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

  lifecycle {
    precondition {
      condition     = var.images[each.key] != ""
      error_message = "There is no image of ${each.key}: run `python3 -m infra publish`, and give Terraform what it wrote."
    }
  }
}

output "names" {
  value = [for service in google_cloud_run_v2_worker_pool.this : service.name]
}
