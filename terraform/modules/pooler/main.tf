variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "network" {
  type = object({ network = string, subnetwork = string, connector_range = string })
}

variable "database" {
  description = "Its address, and the certificate that its own is verified with."
  type        = object({ address = string, authority = string })
}

variable "sizes" {
  type = object({
    instances       = number
    machine_type    = string
    app_connections = number
    resolver        = number
    reserve         = number
    clients         = number
  })
}

variable "account" {
  type = string
}

variable "secrets" {
  description = "Ids of the secrets by name."
  type        = map(string)
}

variable "kms_key" {
  type = string
}

# PgBouncer, twice, behind one internal address: hundreds of functions share the few connections that Postgres can hold.
locals {
  port = 6432

  startup = templatefile("${path.module}/pooler.sh.tftpl", {
    project         = var.project
    port            = local.port
    database_host   = var.database.address
    app_connections = var.sizes.app_connections
    resolver        = var.sizes.resolver
    reserve         = var.sizes.reserve
    clients         = var.sizes.clients
    users           = var.secrets["pooler_users"]
    certificate     = var.secrets["pooler_certificate"]
    key             = var.secrets["pooler_key"]
    server_ca       = var.database.authority
  })
}

resource "google_compute_address" "pooler" {
  name         = "pooler"
  region       = var.region
  subnetwork   = var.network.subnetwork
  address_type = "INTERNAL"
  purpose      = "SHARED_LOADBALANCER_VIP"
}

resource "google_compute_instance_template" "pooler" {
  name_prefix             = "pooler-"
  machine_type            = var.sizes.machine_type
  region                  = var.region
  tags                    = ["pooler"]
  metadata_startup_script = local.startup

  metadata = {
    enable-oslogin         = "TRUE"
    block-project-ssh-keys = "TRUE"
  }

  disk {
    # Debian 13 has PgBouncer 1.24; prepared statements under transaction pooling need 1.21.
    source_image = "projects/debian-cloud/global/images/family/debian-13"
    boot         = true
    auto_delete  = true
    disk_size_gb = 10

    dynamic "disk_encryption_key" {
      for_each = compact([var.kms_key])

      content {
        kms_key_self_link = disk_encryption_key.value
      }
    }
  }

  network_interface {
    subnetwork = var.network.subnetwork
  }

  service_account {
    email  = var.account
    scopes = ["cloud-platform"]
  }

  shielded_instance_config {
    enable_secure_boot          = true
    enable_vtpm                 = true
    enable_integrity_monitoring = true
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_compute_region_health_check" "pooler" {
  name                = "pooler"
  region              = var.region
  check_interval_sec  = 5
  timeout_sec         = 3
  unhealthy_threshold = 3

  tcp_health_check {
    port = local.port
  }
}

resource "google_compute_region_instance_group_manager" "pooler" {
  name               = "pooler"
  region             = var.region
  base_instance_name = "pooler"
  target_size        = var.sizes.instances

  version {
    instance_template = google_compute_instance_template.pooler.id
  }

  auto_healing_policies {
    health_check      = google_compute_region_health_check.pooler.id
    initial_delay_sec = 300
  }

  # One zone after the other: a new instance is up before an old one goes.
  update_policy {
    type                  = "PROACTIVE"
    minimal_action        = "REPLACE"
    max_surge_fixed       = 3
    max_unavailable_fixed = 0
  }
}

resource "google_compute_region_backend_service" "pooler" {
  name                  = "pooler"
  region                = var.region
  protocol              = "TCP"
  load_balancing_scheme = "INTERNAL"
  health_checks         = [google_compute_region_health_check.pooler.id]
  # What a replaced instance has under way may end.
  connection_draining_timeout_sec = 30

  backend {
    group          = google_compute_region_instance_group_manager.pooler.instance_group
    balancing_mode = "CONNECTION"
  }
}

resource "google_compute_forwarding_rule" "pooler" {
  name                  = "pooler"
  region                = var.region
  load_balancing_scheme = "INTERNAL"
  backend_service       = google_compute_region_backend_service.pooler.id
  network               = var.network.network
  subnetwork            = var.network.subnetwork
  ip_address            = google_compute_address.pooler.address
  ip_protocol           = "TCP"
  ports                 = [tostring(local.port)]
}

resource "google_compute_firewall" "pooler" {
  name          = "connector-to-pooler"
  network       = var.network.network
  source_ranges = [var.network.connector_range]
  target_tags   = ["pooler"]

  allow {
    protocol = "tcp"
    ports    = [tostring(local.port)]
  }
}

resource "google_compute_firewall" "health_checks" {
  name          = "health-checks-to-pooler"
  network       = var.network.network
  source_ranges = ["35.191.0.0/16", "130.211.0.0/22"]
  target_tags   = ["pooler"]

  allow {
    protocol = "tcp"
    ports    = [tostring(local.port)]
  }
}

output "address" {
  description = "Where functions connect; port 6432."
  value       = google_compute_address.pooler.address
}
