resource "google_sql_database_instance" "this" {
  # checkov:skip=CKV_GCP_6: ssl_mode says so; the check knows its predecessor alone

  name                = "ventros"
  region              = var.region
  database_version    = var.settings.version
  encryption_key_name = var.kms_key == "" ? null : var.kms_key
  deletion_protection = var.settings.protected

  settings {
    edition                     = var.settings.edition
    tier                        = var.settings.tier
    availability_type           = var.settings.available_in_two ? "REGIONAL" : "ZONAL"
    disk_type                   = "PD_SSD"
    disk_size                   = var.settings.disk_gb
    disk_autoresize             = true
    deletion_protection_enabled = var.settings.protected
    retain_backups_on_delete    = var.settings.protected

    ip_configuration {
      ipv4_enabled    = false
      private_network = var.network.network
      ssl_mode        = "ENCRYPTED_ONLY"
      # An authority of this instance alone, so that whoever trusts it has named the server.
      server_ca_mode = "GOOGLE_MANAGED_INTERNAL_CA"
    }

    backup_configuration {
      enabled                        = true
      point_in_time_recovery_enabled = true
      start_time                     = "06:00"
      transaction_log_retention_days = var.settings.log_days

      backup_retention_settings {
        retained_backups = var.settings.backups_kept
      }
    }

    maintenance_window {
      day  = 7
      hour = 7
    }

    dynamic "connection_pool_config" {
      for_each = var.pooling.managed ? [1] : []

      content {
        connection_pooling_enabled = true

        dynamic "flags" {
          for_each = {
            pool_mode               = "transaction"
            max_pool_size           = tostring(var.pooling.connections)
            max_client_connections  = tostring(var.pooling.clients)
            max_prepared_statements = "200"
          }

          content {
            name  = flags.key
            value = flags.value
          }
        }
      }
    }

    insights_config {
      query_insights_enabled = true
      # Neither addresses nor values: what customers write stays in the tables.
      record_client_address = false
    }

    dynamic "database_flags" {
      for_each = {
        max_connections = tostring(var.settings.max_connections)
        # On average: a page of history locks a name for each of its messages, and many are written at once.
        max_locks_per_transaction = "512"
        # Seconds: a history fills empty tables, and till they are counted every plan is a guess.
        autovacuum_naptime         = "15"
        log_min_duration_statement = "1000"
        log_lock_waits             = "on"
        log_checkpoints            = "on"
        # Parameters hold customers' words; they are not for logs.
        log_parameter_max_length          = "0"
        log_parameter_max_length_on_error = "0"
      }

      content {
        name  = database_flags.key
        value = database_flags.value
      }
    }
  }

  lifecycle {
    precondition {
      condition     = var.network.peering != ""
      error_message = "A private address needs the connection to Google's services."
    }

    precondition {
      condition     = !var.pooling.managed || var.settings.edition == "ENTERPRISE_PLUS"
      error_message = "Cloud SQL pools connections itself in the edition ENTERPRISE_PLUS alone; choose that, or pooler.managed = false."
    }

    ignore_changes = [settings[0].disk_size]
  }
}
