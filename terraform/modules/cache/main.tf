# The counters live in an Upstash database, made with Upstash; here is what functions must know of it.
variable "url" {
  description = "Its REST address; empty where calls are not counted. Its token is the secret upstash_token."
  type        = string

  validation {
    condition     = var.url == "" || startswith(var.url, "https://")
    error_message = "The token would travel in the clear: write an https:// address."
  }
}

output "settings" {
  value = var.url == "" ? {} : { UPSTASH_URL = var.url }
}
