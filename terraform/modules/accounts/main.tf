# One account for every set of uses that functions declare: what a function does not say it uses, its account may not.
variable "project" {
  type = string
}

variable "functions" {
  description = "Entries of the manifest by name."
  type        = map(object({ uses = list(string) }))
}

locals {
  uses     = { for name, each in var.functions : name => join(",", sort(each.uses)) }
  ids      = { for name, uses in local.uses : name => "uses-${substr(sha256(uses), 0, 12)}" }
  sets     = { for name, id in local.ids : id => local.uses[name]... }
  accounts = { for id, uses in local.sets : id => uses[0] }
}

resource "google_service_account" "functions" {
  for_each = local.accounts

  account_id   = each.key
  display_name = substr(each.value == "" ? "Functions that use nothing" : "Functions that use ${each.value}", 0, 100)
}

# Pub/Sub, Cloud Tasks and Cloud Scheduler call functions in this account's name, and nothing else may.
resource "google_service_account" "pusher" {
  account_id   = "pusher"
  display_name = "Calls consumers, tasks and schedules"
}

resource "google_service_account" "gateway" {
  account_id   = "gateway"
  display_name = "Calls public functions for the API gateway"
}

resource "google_service_account" "pooler" {
  account_id   = "pooler"
  display_name = "PgBouncer"
}

resource "google_service_account" "migrator" {
  account_id   = "migrator"
  display_name = "Makes roles and secrets, and migrates"
}

resource "google_project_iam_member" "gemini" {
  for_each = toset([for id, uses in local.accounts : id if contains(split(",", uses), "gemini")])

  project = var.project
  role    = "roles/aiplatform.user"
  member  = google_service_account.functions[each.value].member
}

# Cloud Tasks lets only those make a task in the pusher's name who may act as the pusher.
resource "google_service_account_iam_member" "acts_as_pusher" {
  for_each = toset([for id, uses in local.accounts : id if contains(split(",", uses), "tasks")])

  service_account_id = google_service_account.pusher.name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.functions[each.value].member
}

# The migrator sets the administrator's password, which nobody keeps, and connects with it.
resource "google_project_iam_custom_role" "database_administrator" {
  role_id = "ventrosDatabaseAdministrator"
  title   = "Administers the database's users"
  permissions = [
    "cloudsql.instances.connect",
    "cloudsql.instances.get",
    "cloudsql.users.list",
    "cloudsql.users.update",
  ]
}

resource "google_project_iam_member" "migrator" {
  project = var.project
  role    = google_project_iam_custom_role.database_administrator.id
  member  = google_service_account.migrator.member
}

# In its name links to stored files let in; nothing runs as it.
resource "google_service_account" "links" {
  account_id   = "file-links"
  display_name = "Links to stored files"
}

# The migrator makes the key that they are signed with, once, and neither sees nor ends any other.
resource "google_project_iam_custom_role" "link_keys" {
  role_id     = "ventrosLinkKeys"
  title       = "Makes the key of links to stored files"
  permissions = ["storage.hmacKeys.create"]
}

resource "google_project_iam_member" "link_keys" {
  project = var.project
  role    = google_project_iam_custom_role.link_keys.id
  member  = google_service_account.migrator.member
}

resource "google_project_iam_member" "pooler_logs" {
  project = var.project
  role    = "roles/logging.logWriter"
  member  = google_service_account.pooler.member
}
