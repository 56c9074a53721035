output "name" {
  value = google_sql_database_instance.this.name
}

output "connection_name" {
  value = google_sql_database_instance.this.connection_name
}

output "address" {
  description = "The instance itself, for relays, schedules and migrations."
  value       = google_sql_database_instance.this.private_ip_address
}

output "authority" {
  description = "The certificate that the instance's own is verified with."
  value       = google_sql_database_instance.this.server_ca_cert[0].cert
}
