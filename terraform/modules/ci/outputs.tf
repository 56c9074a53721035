output "images_repository" {
  value = local.images
}

output "functions_repository" {
  value = google_artifact_registry_repository.this["functions"].id
}

output "builder" {
  description = "Full name of the account that builds functions, once it may."
  value       = google_service_account.builder.name

  depends_on = [
    google_artifact_registry_repository_iam_member.builder,
    google_project_iam_member.builder,
    google_project_iam_member.builder_sources,
    google_storage_bucket_iam_member.builder,
  ]
}

output "deployer" {
  value = google_service_account.deployer.email
}
