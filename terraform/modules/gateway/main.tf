variable "region" {
  type = string
}

variable "document" {
  description = "The API in OpenAPI 2.0, with the addresses of its functions."
  type        = string
}

variable "account" {
  description = "The account that calls the functions; the caller's token goes on in X-Forwarded-Authorization."
  type        = object({ email = string })
}

variable "custom_domain" {
  type = string
}

variable "rate" {
  description = "Requests a minute from one address, where there is a custom domain."
  type        = number
}

resource "google_api_gateway_api" "this" {
  provider = google-beta

  api_id = "ventros"
}

# A config cannot be changed; the gateway moves to a new one, and only then the old one goes.
resource "google_api_gateway_api_config" "this" {
  provider = google-beta

  api                  = google_api_gateway_api.this.api_id
  api_config_id_prefix = "ventros-"

  openapi_documents {
    document {
      path     = "gateway.json"
      contents = base64encode(var.document)
    }
  }

  gateway_config {
    backend_config {
      google_service_account = var.account.email
    }
  }

  lifecycle {
    create_before_destroy = true
  }
}

resource "google_api_gateway_gateway" "this" {
  provider = google-beta

  gateway_id = "ventros"
  api_config = google_api_gateway_api_config.this.id
  region     = var.region
}

output "url" {
  value = "https://${google_api_gateway_gateway.this.default_hostname}"
}
