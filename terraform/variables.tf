variable "project" {
  description = "Id of the Google Cloud project; one project holds one environment."
  type        = string
}

variable "environment" {
  description = "Name of the environment, as in dev or prod; it becomes a label."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,15}$", var.environment))
    error_message = "Name the environment with 2 to 16 lower-case letters, digits and hyphens."
  }
}

variable "region" {
  description = "Where everything runs but the public gateway."
  type        = string
  default     = "southamerica-east1"
}

variable "gateway_region" {
  description = "Where the public gateway runs: API Gateway is offered in few regions, and in none of South America."
  type        = string
  default     = "us-east1"

  validation {
    condition = contains([
      "asia-northeast1", "australia-southeast1", "europe-west1", "europe-west2",
      "us-central1", "us-east1", "us-east4", "us-west2", "us-west3", "us-west4",
    ], var.gateway_region)
    error_message = "API Gateway is not offered in this region."
  }
}

variable "public_base_url" {
  description = "The address callers and providers know, as in https://api.example.com; empty: the gateway's own."
  type        = string
  default     = ""

  validation {
    condition     = var.public_base_url == "" || can(regex("^https://[a-z0-9.-]+$", var.public_base_url))
    error_message = "Write https:// and a host name, without a path and without a slash at the end."
  }
}

variable "custom_domain" {
  description = "Host name of a load balancer with Cloud Armor before the gateway; empty: none."
  type        = string
  default     = ""
}

variable "requests_per_minute_and_address" {
  description = "What Cloud Armor lets through from one address, where there is a custom domain."
  type        = number
  default     = 600
}

variable "bundles" {
  description = "The zip of each function, as an object of the bundles' bucket: `python3 -m infra publish` writes it down."
  type        = map(string)
  default     = {}
}

variable "placeholder_bundle" {
  description = "An object for functions that bundles has none of; for plans that are never applied."
  type        = string
  default     = ""
}

variable "images" {
  description = "Container images by name: `operator`, and one for each long-lived service; written down likewise."
  type        = map(string)
  default     = {}
}

variable "instances" {
  description = "How many instances of one function there may be at most, by the function's kind."
  type        = map(number)
  default = {
    endpoint  = 5
    webhook   = 20
    consumer  = 10
    task      = 10
    schedule  = 1
    service   = 1
    preflight = 5
  }
}

variable "instances_of" {
  description = "The same for single functions, by name."
  type        = map(number)
  default     = {}
}

variable "keep_warm" {
  description = "Whether functions declared as warm keep one instance ready; what that costs is in the estimate."
  type        = bool
  default     = true
}

variable "database" {
  description = "The Cloud SQL instance. max_connections is what the connection budget is held against."
  type = object({
    version               = optional(string, "POSTGRES_17")
    edition               = optional(string, "ENTERPRISE")
    tier                  = string
    disk_gb               = optional(number, 20)
    available_in_two      = optional(bool, false)
    max_connections       = number
    backups_kept          = optional(number, 14)
    log_days              = optional(number, 7)
    protected             = optional(bool, true)
    connections_reserved  = optional(number, 10)
    migration_connections = optional(number, 3)
    relay_connections     = optional(number, 6)
  })

  validation {
    condition     = contains(["POSTGRES_17", "POSTGRES_18"], var.database.version)
    error_message = "The schema is tried on Postgres 18 and 16, and once by hand on 17; choose POSTGRES_17 or POSTGRES_18."
  }
}

variable "pooler" {
  description = "The PgBouncer instances. Sizes are connections of one instance: to the database by role, from functions. Managed: Cloud SQL's own in their place, which its edition ENTERPRISE_PLUS has."
  type = object({
    managed         = optional(bool, false)
    instances       = optional(number, 2)
    machine_type    = optional(string, "e2-small")
    app_connections = optional(number, 30)
    resolver        = optional(number, 5)
    reserve         = optional(number, 5)
    clients         = optional(number, 10000)
  })
  default = {}
}

variable "connector" {
  description = "The Serverless VPC Access connector."
  type = object({
    machine_type  = optional(string, "e2-micro")
    min_instances = optional(number, 2)
    max_instances = optional(number, 4)
  })
  default = {}
}

variable "queue_rates" {
  description = "Tasks a second and at once, by queue; what is not named has Google's own limits."
  type        = map(object({ per_second = number, at_once = number }))
  default     = {}
}

variable "upstash_url" {
  description = "REST address of the Upstash database that calls are counted in; empty: calls are not limited."
  type        = string
  default     = ""
}

variable "settings" {
  description = "Further settings of all functions, as environment variables: GEMINI_MODEL, RESPONDER, TOKEN_ISSUERS, TRACE_ONE_IN."
  type        = map(string)
  default     = {}
}

variable "kms_key" {
  description = "Full name of a key in the same region that encrypts what is stored; empty: Google's own keys."
  type        = string
  default     = ""
}

variable "alert_emails" {
  description = "Who is told when something is wrong."
  type        = list(string)
  default     = []
}

variable "runbooks_url" {
  description = "Where the runbooks are read; each alert links to its own."
  type        = string
  default     = ""
}

variable "monthly_budget" {
  description = "Above this the budget's alert speaks. It needs the billing account; empty: no budget."
  type = object({
    billing_account = optional(string, "")
    currency        = optional(string, "USD")
    amount          = optional(number, 0)
  })
  default = {}
}

variable "state_bucket" {
  description = "The bucket of Terraform's state, where Cloud Build finds it too; needed where a repository is watched."
  type        = string
  default     = ""
}

variable "repository" {
  description = "The connected repository (projects/…/connections/…/repositories/…) that Cloud Build watches; empty: none."
  type        = string
  default     = ""
}
