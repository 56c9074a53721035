output "alerts" {
  description = "Names of the alerts, which are those of their runbooks."
  value       = keys(google_monitoring_alert_policy.this)
}

output "charts" {
  value = [for tile in local.tiles : tile.widget.title]
}

output "channels" {
  description = "Ids of the ways by which somebody is told."
  value       = [for channel in google_monitoring_notification_channel.email : channel.id]
}
