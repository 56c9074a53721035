variable "region" {
  type = string
}

variable "connector" {
  type = object({ machine_type = string, min_instances = number, max_instances = number })
}

resource "google_compute_network" "this" {
  # checkov:skip=CKV2_GCP_18: its firewall is beside what it protects, in the pooler's module

  name                    = "ventros"
  auto_create_subnetworks = false
}

# Private Google access: what routes all its traffic through the network still reaches Google's own services without NAT.
resource "google_compute_subnetwork" "connector" {
  name                     = "connector"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = "10.10.0.0/28"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_compute_subnetwork" "services" {
  name                     = "services"
  region                   = var.region
  network                  = google_compute_network.this.id
  ip_cidr_range            = "10.10.4.0/24"
  private_ip_google_access = true

  log_config {
    aggregation_interval = "INTERVAL_10_MIN"
    flow_sampling        = 0.1
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

resource "google_vpc_access_connector" "this" {
  name          = "ventros"
  region        = var.region
  machine_type  = var.connector.machine_type
  min_instances = var.connector.min_instances
  max_instances = var.connector.max_instances

  subnet {
    name = google_compute_subnetwork.connector.name
  }
}

# Cloud SQL lives in Google's network; this is the range it has in ours.
resource "google_compute_global_address" "google" {
  name          = "google-services"
  network       = google_compute_network.this.id
  purpose       = "VPC_PEERING"
  address_type  = "INTERNAL"
  prefix_length = 20
}

resource "google_service_networking_connection" "google" {
  network                 = google_compute_network.this.id
  service                 = "servicenetworking.googleapis.com"
  reserved_peering_ranges = [google_compute_global_address.google.name]
}

resource "google_compute_router" "this" {
  name    = "ventros"
  region  = var.region
  network = google_compute_network.this.id
}

# The one address from which customers' hosts are called.
resource "google_compute_address" "egress" {
  name   = "egress"
  region = var.region
}

resource "google_compute_router_nat" "this" {
  name                               = "ventros"
  region                             = var.region
  router                             = google_compute_router.this.name
  nat_ip_allocate_option             = "MANUAL_ONLY"
  nat_ips                            = [google_compute_address.egress.self_link]
  source_subnetwork_ip_ranges_to_nat = "LIST_OF_SUBNETWORKS"
  enable_dynamic_port_allocation     = true
  # With dynamic allocation Google asks for this to be off.
  enable_endpoint_independent_mapping = false
  min_ports_per_vm                    = 256
  max_ports_per_vm                    = 8192

  dynamic "subnetwork" {
    for_each = [google_compute_subnetwork.connector.id, google_compute_subnetwork.services.id]

    content {
      name                    = subnetwork.value
      source_ip_ranges_to_nat = ["ALL_IP_RANGES"]
    }
  }

  log_config {
    enable = true
    filter = "ERRORS_ONLY"
  }
}
