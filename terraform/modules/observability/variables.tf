variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "emails" {
  type = list(string)
}

variable "runbooks_url" {
  type = string
}

variable "database" {
  type = object({ instance = string, max_connections = number })
}

variable "budget" {
  type = object({ billing_account = string, currency = string, amount = number })
}

variable "span_readers" {
  description = "Members that fetch the spans which functions log and hand them to Cloud Trace, by account id."
  type        = map(string)
}

variable "kms_key" {
  type = string
}
