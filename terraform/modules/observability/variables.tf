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

variable "unhurried" {
  description = "Services that nobody waits for, and that may take as long as whom they call."
  type        = set(string)
}

variable "seldom" {
  description = "Schedules that run less than every five minutes: the next run is too late to tell."
  type        = set(string)
}

variable "span_readers" {
  description = "Members that fetch the spans which functions log and hand them to Cloud Trace, by account id."
  type        = map(string)
}

variable "kms_key" {
  type = string
}
