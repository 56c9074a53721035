# Who is told when a month costs more than was meant; the runbook is cost-budget.md, and a budget has no room to say so.
variable "project" {
  type = string
}

variable "number" {
  description = "The project's number: budgets know no other name of it."
  type        = string
}

variable "budget" {
  type = object({ billing_account = string, currency = string, amount = number })
}

variable "channels" {
  description = "Ids of the ways by which somebody is told."
  type        = list(string)
}

resource "google_billing_budget" "this" {
  billing_account = var.budget.billing_account
  display_name    = "Ventros, ${var.project}"

  budget_filter {
    projects = ["projects/${var.number}"]
  }

  amount {
    specified_amount {
      currency_code = var.budget.currency
      units         = tostring(floor(var.budget.amount))
    }
  }

  dynamic "threshold_rules" {
    for_each = [0.5, 0.9, 1]

    content {
      threshold_percent = threshold_rules.value
    }
  }

  all_updates_rule {
    monitoring_notification_channels = var.channels
  }
}
