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

output "pooler_address" {
  description = "The poolers, for everything else; port 6432."
  value       = google_compute_address.pooler.address
}
