# One function alone, to see what it is given.
mock_provider "google" {
  override_during = plan
}

variables {
  project    = "ventros-test"
  region     = "southamerica-east1"
  base_url   = "https://southamerica-east1-ventros-test.cloudfunctions.net"
  instances  = { fly_kite = 7 }
  keep_warm  = true
  bundles    = { bucket = "zips", objects = { fly_kite = "fly_kite/0a1b.zip" } }
  build      = { repository = "projects/p/locations/l/repositories/r", account = "projects/p/serviceAccounts/b" }
  accounts   = { fly_kite = "uses-1@ventros-test.iam.gserviceaccount.com" }
  secrets    = { fly_kite = { database_url = "database_url", database_ca = "database_ca" } }
  settings   = { PUBLIC_BASE_URL = "https://api.example.com" }
  connector  = "projects/p/locations/l/connectors/c"
  kms_key    = ""
  invoker_of = { fly_kite = "pusher@ventros-test.iam.gserviceaccount.com" }

  functions = {
    fly_kite = {
      kind = "task", summary = "Fly it.", concurrency = 4, memory = 256, timeout = 90, warm = true
      uses = ["database"], secrets = ["database_ca", "database_url"]
    }
  }
}

run "it_is_given_what_it_declares" {
  command = plan

  module {
    source = "./modules/functions"
  }

  assert {
    condition = {
      for key in ["THREADS", "DATABASE_URL_FILE", "DATABASE_CA", "PUBLIC_BASE_URL"] :
      key => google_cloudfunctions2_function.this["fly_kite"].service_config[0].environment_variables[key]
      } == {
      THREADS           = "4"
      DATABASE_URL_FILE = "/secrets/database_url/value"
      DATABASE_CA       = "/secrets/database_ca/value"
      PUBLIC_BASE_URL   = "https://api.example.com"
    }
    error_message = "Threads are the declared concurrency, secrets are files."
  }

  assert {
    condition     = google_cloudfunctions2_function.this["fly_kite"].build_config[0].source[0].storage_source[0].object == "fly_kite/0a1b.zip"
    error_message = "It is built from its own zip, whose name says what is in it."
  }

  assert {
    condition     = alltrue([for each in google_cloudfunctions2_function.this["fly_kite"].service_config[0].secret_volumes : each.versions[0].version == "latest"])
    error_message = "A secret's newest version is mounted, so that a rotation deploys nothing."
  }

  assert {
    condition = (
      google_cloudfunctions2_function.this["fly_kite"].service_config[0].max_instance_request_concurrency == 4
      && google_cloudfunctions2_function.this["fly_kite"].service_config[0].max_instance_count == 7
      && google_cloudfunctions2_function.this["fly_kite"].service_config[0].min_instance_count == 1
      && google_cloudfunctions2_function.this["fly_kite"].service_config[0].timeout_seconds == 90
      && google_cloudfunctions2_function.this["fly_kite"].service_config[0].available_memory == "256Mi"
      && google_cloudfunctions2_function.this["fly_kite"].service_config[0].available_cpu == "1"
    )
    error_message = "Size and limits are those declared."
  }

  assert {
    condition     = google_cloud_run_v2_service_iam_member.invoker["fly_kite"].name == "fly-kite"
    error_message = "Cloud Run knows a function by its name with hyphens."
  }
}

run "who_uses_nothing_is_kept_off_the_network" {
  command = plan

  module {
    source = "./modules/functions"
  }

  variables {
    secrets = { fly_kite = {} }
    functions = {
      fly_kite = { kind = "endpoint", summary = "Fly it.", concurrency = 1, memory = 512, timeout = 60, warm = false, uses = [] }
    }
  }

  assert {
    condition     = output.egress["fly_kite"] == "" && google_cloudfunctions2_function.this["fly_kite"].service_config[0].min_instance_count == 0
    error_message = "It neither needs the connector nor an instance of its own."
  }
}

run "a_function_without_its_zip_fails_the_plan" {
  command = plan

  module {
    source = "./modules/functions"
  }

  variables {
    bundles = { bucket = "zips", objects = { fly_kite = "" } }
  }

  expect_failures = [google_cloudfunctions2_function.this]
}
