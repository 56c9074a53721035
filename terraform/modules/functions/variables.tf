variable "project" {
  type = string
}

variable "region" {
  type = string
}

variable "functions" {
  description = "Entries of the manifest by name, services left out."
  type = map(object({
    kind        = string
    summary     = string
    concurrency = number
    memory      = number
    timeout     = number
    warm        = bool
    uses        = list(string)
  }))
}

variable "base_url" {
  description = "Where Google addresses the functions of a project, each under its name."
  type        = string
}

variable "instances" {
  type = map(number)
}

variable "keep_warm" {
  type = bool
}

variable "bundles" {
  description = "The bucket of the zips, and which of its objects is a function's; empty: there is none."
  type        = object({ bucket = string, objects = map(string) })
}

variable "build" {
  description = "Where Cloud Build leaves the images, and the account it works as."
  type        = object({ repository = string, account = string })
}

variable "accounts" {
  description = "Address of the account by function."
  type        = map(string)
}

variable "secrets" {
  description = "By function: the ids of its secrets by setting."
  type        = map(map(string))
}

variable "settings" {
  description = "Environment variables that all functions share."
  type        = map(string)
}

variable "connector" {
  type = string
}

variable "kms_key" {
  type = string
}

variable "invoker_of" {
  description = "Address of the one account that may call a function, by function."
  type        = map(string)
}
