# What a month may cost.
mock_provider "google" {
  override_during = plan
}

run "a_budget_speaks_to_whoever_is_told_of_the_rest" {
  command = plan

  module {
    source = "./modules/spending"
  }

  variables {
    project  = "ventros-test"
    number   = "123456789012"
    budget   = { billing_account = "000000-000000-000000", currency = "USD", amount = 500.5 }
    channels = ["projects/ventros-test/notificationChannels/1"]
  }

  assert {
    condition     = google_billing_budget.this.amount[0].specified_amount[0].units == "500"
    error_message = "A budget is of whole units of its currency."
  }

  assert {
    condition     = one(google_billing_budget.this.budget_filter[0].projects) == "projects/123456789012"
    error_message = "Billing knows a project by its number alone."
  }

  assert {
    condition     = one(google_billing_budget.this.all_updates_rule[0].monitoring_notification_channels) == "projects/ventros-test/notificationChannels/1"
    error_message = "Somebody is told."
  }
}
