output "network" {
  value = google_compute_network.this.id
}

output "subnetwork" {
  value = google_compute_subnetwork.services.id
}

output "connector" {
  value = google_vpc_access_connector.this.id
}

output "connector_range" {
  value = google_compute_subnetwork.connector.ip_cidr_range
}

output "egress_address" {
  value = google_compute_address.egress.address
}

output "peering" {
  description = "Database instances with private addresses wait for this."
  value       = google_service_networking_connection.google.id
}
