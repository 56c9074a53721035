output "names" {
  description = "The secrets' ids by name, once those who read them may."
  value       = { for name, secret in google_secret_manager_secret.this : name => secret.secret_id }

  depends_on = [google_secret_manager_secret_iam_member.accessor, google_secret_manager_secret_iam_member.writer]
}

output "readers" {
  description = "Ids of the accounts that may read a secret, by secret."
  value       = { for name, accounts in var.accessors : name => keys(accounts) }
}
