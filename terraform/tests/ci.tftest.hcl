# Who builds and deploys, and when.
mock_provider "google" {
  override_during = plan
}

variables {
  project    = "ventros-test"
  region     = "southamerica-east1"
  kms_key    = ""
  repository = ""
  bundles    = "ventros-test-bundles"
  build      = { _ENVIRONMENT = "test", _REGION = "southamerica-east1", _STATE_BUCKET = "state", _BUNDLES = "ventros-test-bundles" }
  accounts   = { uses-1 = "projects/ventros-test/serviceAccounts/uses-1@ventros-test.iam.gserviceaccount.com" }
}

run "nothing_is_watched_unless_it_is_named" {
  command = plan

  module {
    source = "./modules/ci"
  }

  assert {
    condition     = length(google_cloudbuild_trigger.this) == 0
    error_message = "Without a repository there is no trigger."
  }

  assert {
    condition = alltrue([
      for repository in google_artifact_registry_repository.this :
      toset([for policy in repository.cleanup_policies : policy.action]) == toset(["DELETE", "KEEP"])
    ])
    error_message = "Images leave with time, but for the last ones."
  }
}

run "a_key_of_ones_own_is_the_deployers_to_give_out" {
  command = plan

  module {
    source = "./modules/ci"
  }

  variables {
    kms_key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition = (
      one(values(google_kms_crypto_key_iam_member.deployer)).role == "roles/cloudkms.admin"
      && alltrue([for repository in google_artifact_registry_repository.this : repository.kms_key_name == "projects/p/locations/l/keyRings/r/cryptoKeys/k"])
    )
    error_message = "Who deploys lets Google's services use the key, and images are encrypted with it."
  }
}

run "main_is_deployed_and_a_pull_request_only_planned" {
  command = plan

  module {
    source = "./modules/ci"
  }

  override_resource {
    target          = google_service_account.deployer
    override_during = plan

    values = {
      id     = "the-deployer"
      name   = "projects/ventros-test/serviceAccounts/deployer@ventros-test.iam.gserviceaccount.com"
      member = "serviceAccount:deployer@ventros-test.iam.gserviceaccount.com"
    }
  }

  override_resource {
    target          = google_service_account.planner
    override_during = plan

    values = {
      id     = "the-planner"
      name   = "projects/ventros-test/serviceAccounts/planner@ventros-test.iam.gserviceaccount.com"
      member = "serviceAccount:planner@ventros-test.iam.gserviceaccount.com"
    }
  }

  variables {
    repository = "projects/p/locations/l/connections/c/repositories/r"
  }

  assert {
    condition = (
      google_cloudbuild_trigger.this["deploy"].substitutions["_APPLY"] == "yes"
      && google_cloudbuild_trigger.this["deploy"].repository_event_config[0].push[0].branch == "^main$"
      && google_cloudbuild_trigger.this["plan"].substitutions["_APPLY"] == "no"
      && length(google_cloudbuild_trigger.this["plan"].repository_event_config[0].push) == 0
    )
    error_message = "What has not been merged changes nothing."
  }

  assert {
    condition     = google_cloudbuild_trigger.this["plan"].repository_event_config[0].pull_request[0].comment_control == "COMMENTS_ENABLED_FOR_EXTERNAL_CONTRIBUTORS_ONLY"
    error_message = "A stranger's code does not run by itself."
  }

  assert {
    condition = (
      google_cloudbuild_trigger.this["deploy"].service_account == "the-deployer"
      && google_cloudbuild_trigger.this["plan"].service_account == "the-planner"
    )
    error_message = "A pull request's code does not run with the deployer's rights."
  }

  assert {
    condition = (
      toset([for member in google_project_iam_member.planner : member.role]) == toset(["roles/browser", "roles/logging.logWriter"])
      && [for member in google_storage_bucket_iam_member.planner : [member.bucket, member.role]] == [["state", "roles/storage.objectViewer"]]
    )
    error_message = "A plan reads the state and the project's number, and changes nothing."
  }

  assert {
    condition = alltrue([
      for id, account in { deployer = google_service_account.deployer.name, planner = google_service_account.planner.name } :
      google_service_account_iam_member.deployer[id].service_account_id == account
    ])
    error_message = "Who deploys may give a trigger the account that it runs as."
  }
}

run "without_the_states_bucket_it_would_not_know_what_is_deployed" {
  command = plan

  module {
    source = "./modules/ci"
  }

  variables {
    repository = "projects/p/locations/l/connections/c/repositories/r"
    build      = { _ENVIRONMENT = "test", _REGION = "southamerica-east1", _STATE_BUCKET = "", _BUNDLES = "b" }
  }

  expect_failures = [google_cloudbuild_trigger.this]
}
