# A load balancer with one's own name and Cloud Armor before the gateway.
locals {
  domains = toset(compact([var.custom_domain]))
}

resource "google_compute_global_address" "this" {
  for_each = local.domains

  name = "public"
}

resource "google_compute_managed_ssl_certificate" "this" {
  for_each = local.domains

  name = "public"

  managed {
    domains = [each.value]
  }
}

# By its address on the internet: the group that names an API gateway directly is a preview of the beta provider's.
resource "google_compute_global_network_endpoint_group" "this" {
  for_each = local.domains

  name                  = "gateway"
  network_endpoint_type = "INTERNET_FQDN_PORT"
  default_port          = 443
}

resource "google_compute_global_network_endpoint" "this" {
  for_each = local.domains

  global_network_endpoint_group = google_compute_global_network_endpoint_group.this[each.value].id
  fqdn                          = google_api_gateway_gateway.this.default_hostname
  port                          = 443
}

resource "google_compute_security_policy" "this" {
  # checkov:skip=CKV_GCP_73: nothing behind it runs on Java

  for_each = local.domains

  name = "public"

  rule {
    priority    = 1000
    description = "One address does not take the place of all others."
    action      = "throttle"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }

    rate_limit_options {
      conform_action = "allow"
      exceed_action  = "deny(429)"
      enforce_on_key = "IP"

      rate_limit_threshold {
        count        = var.rate
        interval_sec = 60
      }
    }
  }

  rule {
    priority    = 2147483647
    description = "Everybody else."
    action      = "allow"

    match {
      versioned_expr = "SRC_IPS_V1"

      config {
        src_ip_ranges = ["*"]
      }
    }
  }
}

resource "google_compute_backend_service" "this" {
  for_each = local.domains

  name                  = "gateway"
  protocol              = "HTTPS"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  security_policy       = google_compute_security_policy.this[each.value].id

  custom_request_headers = ["Host: ${google_api_gateway_gateway.this.default_hostname}"]

  backend {
    group = google_compute_global_network_endpoint_group.this[each.value].id
  }

  log_config {
    enable      = true
    sample_rate = 1
  }
}

resource "google_compute_url_map" "this" {
  for_each = local.domains

  name            = "public"
  default_service = google_compute_backend_service.this[each.value].id
}

resource "google_compute_ssl_policy" "this" {
  for_each = local.domains

  name            = "public"
  profile         = "MODERN"
  min_tls_version = "TLS_1_2"
}

resource "google_compute_target_https_proxy" "this" {
  for_each = local.domains

  name             = "public"
  url_map          = google_compute_url_map.this[each.value].id
  ssl_certificates = [google_compute_managed_ssl_certificate.this[each.value].id]
  ssl_policy       = google_compute_ssl_policy.this[each.value].id
}

resource "google_compute_global_forwarding_rule" "this" {
  for_each = local.domains

  name                  = "public"
  load_balancing_scheme = "EXTERNAL_MANAGED"
  ip_address            = google_compute_global_address.this[each.value].id
  port_range            = "443"
  target                = google_compute_target_https_proxy.this[each.value].id
}

output "domain_address" {
  value = one([for address in google_compute_global_address.this : address.address])
}
