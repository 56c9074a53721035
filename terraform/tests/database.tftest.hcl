# The database.
mock_provider "google" {
  override_during = plan

  mock_resource "google_sql_database_instance" {
    defaults = {
      server_ca_cert     = [{ cert = "THE AUTHORITY" }]
      private_ip_address = "10.0.0.3"
    }
  }
}

variables {
  region  = "southamerica-east1"
  kms_key = ""
  network = { network = "projects/p/global/networks/n", subnetwork = "s", connector_range = "10.10.0.0/28", peering = "p" }

  settings = {
    version         = "POSTGRES_17", edition = "ENTERPRISE", tier = "db-custom-2-7680", disk_gb = 20, available_in_two = true
    max_connections = 300, backups_kept = 14, log_days = 7, protected = true
  }

  pooling = { managed = false, connections = 40, clients = 12000 }
}

run "it_is_private_backed_up_and_hard_to_lose" {
  command = plan

  module {
    source = "./modules/database"
  }

  assert {
    condition = (
      google_sql_database_instance.this.settings[0].ip_configuration[0].ipv4_enabled == false
      && google_sql_database_instance.this.settings[0].ip_configuration[0].ssl_mode == "ENCRYPTED_ONLY"
    )
    error_message = "The database has no public address and takes no plain connection."
  }

  assert {
    condition = (
      google_sql_database_instance.this.deletion_protection
      && google_sql_database_instance.this.settings[0].backup_configuration[0].point_in_time_recovery_enabled
    )
    error_message = "It is protected, and any moment of the last days can be gone back to."
  }

  assert {
    condition     = one([for flag in google_sql_database_instance.this.settings[0].database_flags : flag.value if flag.name == "max_connections"]) == "300"
    error_message = "What the budget was held against is what the database allows."
  }

  assert {
    condition     = one([for flag in google_sql_database_instance.this.settings[0].database_flags : flag.value if flag.name == "max_locks_per_transaction"]) == "512"
    error_message = "Pages of history may hold a lock for each message, in every lane at once."
  }

  assert {
    condition     = one([for flag in google_sql_database_instance.this.settings[0].database_flags : flag.value if flag.name == "autovacuum_naptime"]) == "15"
    error_message = "Tables that a history fills are counted soon, or live messages wait behind bad plans."
  }
}

run "it_pools_connections_itself_where_it_is_told_to" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    settings = {
      version         = "POSTGRES_17", edition = "ENTERPRISE_PLUS", tier = "db-perf-optimized-N-8", disk_gb = 20, available_in_two = true
      max_connections = 500, backups_kept = 14, log_days = 7, protected = true
    }
    pooling = { managed = true, connections = 40, clients = 12000 }
  }

  assert {
    condition     = one([for flag in one(google_sql_database_instance.this.settings[0].connection_pool_config).flags : flag.value if flag.name == "pool_mode"]) == "transaction"
    error_message = "A server goes to the next client after each transaction, as with PgBouncer."
  }
}

run "it_does_not_where_its_edition_cannot" {
  command = plan

  module {
    source = "./modules/database"
  }

  variables {
    pooling = { managed = true, connections = 40, clients = 12000 }
  }

  expect_failures = [google_sql_database_instance.this]
}
