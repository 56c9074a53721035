# The poolers before the database.
mock_provider "google" {
  override_during = plan
}

variables {
  project  = "ventros-test"
  region   = "southamerica-east1"
  kms_key  = ""
  network  = { network = "n", subnetwork = "s", connector_range = "10.10.0.0/28" }
  database = { address = "10.0.0.3", authority = "THE AUTHORITY" }
  sizes    = { instances = 2, machine_type = "e2-small", app_connections = 40, resolver = 5, reserve = 3, clients = 12000 }
  account  = "pooler@ventros-test.iam.gserviceaccount.com"
  secrets  = { pooler_users = "pooler_users", pooler_certificate = "pooler_certificate", pooler_key = "pooler_key" }
}

run "the_poolers_are_told_what_the_budget_counts" {
  command = plan

  module {
    source = "./modules/pooler"
  }

  assert {
    condition = alltrue([
      for line in [
        "ventros = host=10.0.0.3 port=5432 dbname=ventros pool_size=40 reserve_pool=3 max_db_connections=43",
        "ventros_resolver = host=10.0.0.3 port=5432 dbname=ventros pool_size=5 reserve_pool=3 max_db_connections=8",
        "pool_mode = transaction",
        "max_prepared_statements = 200",
        "max_client_conn = 12000",
        "client_tls_sslmode = require",
        "server_tls_sslmode = verify-ca",
        "THE AUTHORITY",
      ] : contains(split("\n", google_compute_instance_template.pooler.metadata_startup_script), line)
    ])
    error_message = "PgBouncer pools by transaction, keeps prepared statements, and speaks TLS on both sides."
  }

  assert {
    condition     = google_compute_region_instance_group_manager.pooler.target_size == 2 && google_compute_forwarding_rule.pooler.load_balancing_scheme == "INTERNAL"
    error_message = "Two of them stand behind one internal address."
  }

  assert {
    condition     = length(google_compute_instance_template.pooler.network_interface[0].access_config) == 0
    error_message = "A pooler has no public address."
  }
}
