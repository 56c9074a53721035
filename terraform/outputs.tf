output "gateway_url" {
  description = "Where the API answers; providers are given public_base_url, which is this unless it was set."
  value       = module.gateway.url
}

output "public_base_url" {
  value = local.public_base_url
}

output "egress_address" {
  description = "The address customers' firewalls must let in."
  value       = module.network.egress_address
}

output "connection_budget" {
  value = local.budget
}

output "domain_address" {
  description = "What custom_domain must resolve to; empty where there is none."
  value       = module.gateway.domain_address
}

output "repository" {
  description = "Where images are pushed."
  value       = module.ci.images_repository
}

output "bundles_bucket" {
  value = module.storage.bundles
}
