output "urls" {
  description = "Where Pub/Sub, Cloud Tasks and Cloud Scheduler call a function, once they may."
  value       = { for name in keys(google_cloudfunctions2_function.this) : name => "${var.base_url}/${name}" }

  depends_on = [google_cloud_run_v2_service_iam_member.invoker]
}

output "invokers" {
  description = "Who may call a function, by function."
  value       = { for name, binding in google_cloud_run_v2_service_iam_member.invoker : name => binding.member }
}

output "egress" {
  description = "What of its traffic goes through the network, by function; empty: nothing."
  value       = local.egress
}

output "warm" {
  value = sort([for name, each in google_cloudfunctions2_function.this : name if each.service_config[0].min_instance_count > 0])
}
