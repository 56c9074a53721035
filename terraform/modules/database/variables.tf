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

variable "pooling" {
  description = "The instance's own poolers, where it has them: connections of one pool, and from functions to one pooler."
  type        = object({ managed = bool, connections = number, clients = number })
}

variable "kms_key" {
  type = string
}
