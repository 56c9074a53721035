# The one public door.
mock_provider "google" {
  override_during = plan
}

mock_provider "google-beta" {
  override_during = plan

  mock_resource "google_api_gateway_gateway" {
    defaults = { default_hostname = "ventros-abc.ue.gateway.dev" }
  }
}

variables {
  region        = "us-east1"
  document      = "{}"
  account       = { email = "gateway@ventros-test.iam.gserviceaccount.com" }
  custom_domain = ""
  rate          = 600
}

run "it_calls_functions_in_its_own_name" {
  command = plan

  module {
    source = "./modules/gateway"
  }

  assert {
    condition     = google_api_gateway_api_config.this.gateway_config[0].backend_config[0].google_service_account == "gateway@ventros-test.iam.gserviceaccount.com"
    error_message = "The gateway's token goes in Authorization, and the caller's on in X-Forwarded-Authorization."
  }

  assert {
    condition     = google_api_gateway_api_config.this.openapi_documents[0].document[0].contents == base64encode("{}")
    error_message = "It is given the document as it is."
  }

  assert {
    condition     = output.url == "https://ventros-abc.ue.gateway.dev" && length(google_compute_global_address.this) == 0
    error_message = "Without a domain there is no load balancer to pay for."
  }
}

run "a_domain_stands_before_it_with_a_limit_for_each_address" {
  command = plan

  module {
    source = "./modules/gateway"
  }

  variables {
    custom_domain = "api.example.com"
  }

  assert {
    condition     = google_compute_backend_service.this["api.example.com"].custom_request_headers == toset(["Host: ventros-abc.ue.gateway.dev"])
    error_message = "The gateway answers to its own name."
  }

  assert {
    condition     = anytrue([for rule in google_compute_security_policy.this["api.example.com"].rule : rule.action == "throttle"])
    error_message = "One address cannot take the place of all others."
  }
}
