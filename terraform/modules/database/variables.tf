variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "network" {
  type = object({ network = string, subnetwork = string, connector_range = string, peering = string })
}

variable "settings" {
  type = object({
    version          = string
    edition          = string
    tier             = string
    disk_gb          = number
    available_in_two = bool
    max_connections  = number
    backups_kept     = number
    log_days         = number
    protected        = bool
  })
}

variable "pooler" {
  type = object({
    instances       = number
    machine_type    = string
    app_connections = number
    resolver        = number
    reserve         = number
    clients         = number
    account         = string
    secrets         = map(string)
  })
}

variable "kms_key" {
  type = string
}
