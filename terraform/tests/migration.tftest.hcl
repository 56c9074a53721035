# The job that prepares the database and the secrets.
mock_provider "google" {
  override_during = plan
}

variables {
  project  = "ventros-test"
  region   = "southamerica-east1"
  image    = "registry/operator:one"
  account  = { email = "migrator@ventros-test.iam.gserviceaccount.com" }
  network  = { network = "n", subnetwork = "s" }
  database = { connection_name = "p:r:ventros", address = "10.0.0.3" }
  pooler   = "10.0.0.4"
  secrets  = { owner_database_url = "owner_database_url", database_ca = "database_ca" }
  links    = "file-links@ventros-test.iam.gserviceaccount.com"
  limits   = { crm_app = 10 }
}

run "it_runs_again_for_a_secret_that_is_new" {
  command = plan

  module {
    source = "./modules/migration"
  }

  assert {
    condition     = anytrue([for trigger in terraform_data.run.triggers_replace : try(trigger["owner_database_url"] == "owner_database_url", false)])
    error_message = "The job waits for the secrets' places and rights, and makes the first version of those that are new."
  }

  assert {
    condition     = anytrue([for trigger in terraform_data.run.triggers_replace : try(trigger == "registry/operator:one", false)])
    error_message = "A new image brings new migrations."
  }
}
