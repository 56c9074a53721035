# The way out to customers' hosts.
mock_provider "google" {
  override_during = plan

  mock_resource "google_compute_address" {
    defaults = { address = "203.0.113.7", self_link = "https://example.com/egress" }
  }
}

variables {
  region    = "southamerica-east1"
  connector = { machine_type = "e2-micro", min_instances = 2, max_instances = 4 }
}

run "what_leaves_leaves_by_one_address" {
  command = plan

  module {
    source = "./modules/network"
  }

  assert {
    condition = (
      google_compute_router_nat.this.nat_ip_allocate_option == "MANUAL_ONLY"
      && toset(google_compute_router_nat.this.nat_ips) == toset(["https://example.com/egress"])
      && output.egress_address == "203.0.113.7"
    )
    error_message = "It is the address that customers' firewalls were told of."
  }

  assert {
    condition     = google_compute_subnetwork.connector.private_ip_google_access && google_compute_subnetwork.services.private_ip_google_access
    error_message = "Google's own services are reached without NAT, which is paid by the byte."
  }
}
