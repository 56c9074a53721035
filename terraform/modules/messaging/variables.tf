variable "project" {
  type = string
}

variable "number" {
  description = "The project's number, which is in the names of Google's own accounts."
  type        = string
}

variable "region" {
  type = string
}

variable "manifest" {
  type = object({
    topics        = list(string)
    queues        = list(string)
    subscriptions = list(object({ name = string, consumer = string, topic = string, filter = string }))
    functions = list(object({
      name    = string
      kind    = string
      timeout = number
      trigger = object({
        topics       = optional(list(string), [])
        ordered      = optional(bool)
        ack_deadline = optional(number)
        max_attempts = optional(number)
        cron         = optional(string)
      })
    }))
  })
}

variable "urls" {
  description = "Where a function is called, by function."
  type        = map(string)
}

variable "pusher" {
  type = object({ email = string, name = string })
}

variable "publishers" {
  description = "Members that publish events, by account id."
  type        = map(string)
}

variable "task_creators" {
  description = "Members that make tasks, by account id."
  type        = map(string)
}

variable "queue_rates" {
  type = map(object({ per_second = number, at_once = number }))
}

variable "kms_key" {
  type = string
}
