# What stands in environments/*.tfvars fits, as the functions are today. A test holds these values against those files.
mock_provider "google" {
  override_during = plan

  mock_data "google_project" {
    defaults = { number = "123456789012" }
  }

  mock_resource "google_sql_database_instance" {
    defaults = {
      server_ca_cert     = [{ cert = "a certificate" }]
      private_ip_address = "10.0.0.3"
    }
  }
}

mock_provider "google" {
  alias = "billing"
}

mock_provider "google-beta" {
  override_during = plan

  mock_resource "google_api_gateway_gateway" {
    defaults = { default_hostname = "ventros-abc.ue.gateway.dev" }
  }
}

variables {
  project            = "ventros-test"
  placeholder_bundle = "placeholder.zip"
  images             = { operator = "registry/operator:1", relay_outbox = "registry/relay_outbox:1" }
}

run "dev_fits" {
  command = plan

  variables {
    environment = "dev"

    instances = {
      endpoint  = 2
      webhook   = 4
      consumer  = 3
      task      = 3
      schedule  = 1
      service   = 1
      preflight = 2
    }

    database = {
      tier            = "db-custom-1-3840"
      max_connections = 120
      protected       = false
      backups_kept    = 3
      log_days        = 1
    }

    pooler = {
      instances       = 1
      app_connections = 20
      clients         = 10000
    }
  }

  assert {
    condition     = output.connection_budget.total <= output.connection_budget.allowed && output.connection_budget.clients <= output.connection_budget.clients_allowed
    error_message = "The connections of dev must fit."
  }
}

run "prod_fits" {
  command = plan

  variables {
    environment = "prod"

    instances = {
      endpoint  = 5
      webhook   = 20
      consumer  = 10
      task      = 10
      schedule  = 1
      service   = 1
      preflight = 5
    }

    database = {
      tier             = "db-custom-2-7680"
      disk_gb          = 50
      available_in_two = true
      max_connections  = 300
    }

    pooler = {
      instances       = 2
      app_connections = 40
      clients         = 25000
    }
  }

  assert {
    condition     = output.connection_budget.total <= output.connection_budget.allowed && output.connection_budget.clients <= output.connection_budget.clients_allowed
    error_message = "The connections of prod must fit."
  }
}
