output "ids" {
  description = "Account id by function."
  value       = local.ids
}

output "emails" {
  description = "Address of the account by function."
  value       = { for name, id in local.ids : name => google_service_account.functions[id].email }
}

output "publishers" {
  description = "Members that may publish events, by account id."
  value       = { for id, uses in local.accounts : id => google_service_account.functions[id].member if contains(split(",", uses), "pubsub") }
}

output "task_creators" {
  description = "Members that may make tasks, by account id."
  value       = { for id, uses in local.accounts : id => google_service_account.functions[id].member if contains(split(",", uses), "tasks") }
}

output "span_readers" {
  description = "Members that fetch spans and hand them to Cloud Trace, by account id."
  value       = { for id, uses in local.accounts : id => google_service_account.functions[id].member if contains(split(",", uses), "traces") }
}

output "storing" {
  description = "Members that make, read and delete stored files, by account id."
  value       = { for id, uses in local.accounts : id => google_service_account.functions[id].member if contains(split(",", uses), "storage") }
}

output "links" {
  description = "The account in whose name links to stored files let in."
  value       = google_service_account.links
}

output "pusher" {
  value = google_service_account.pusher
}

output "gateway" {
  value = google_service_account.gateway
}

output "pooler" {
  value = google_service_account.pooler
}

output "migrator" {
  description = "The account that migrates, once it may."
  value       = google_service_account.migrator

  depends_on = [google_project_iam_member.migrator, google_project_iam_member.link_keys]
}

output "runtime" {
  description = "Full names of all of these accounts, for whoever deploys in their name."
  value = merge(
    { for id, account in google_service_account.functions : id => account.name },
    {
      pusher   = google_service_account.pusher.name
      gateway  = google_service_account.gateway.name
      pooler   = google_service_account.pooler.name
      migrator = google_service_account.migrator.name
    },
  )
}
