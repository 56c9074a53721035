# Where files and bundles lie.
mock_provider "google" {
  override_during = plan
}

variables {
  project = "ventros-test"
  region  = "southamerica-east1"
  kms_key = ""
  storing = { uses-1 = "serviceAccount:uses-1@ventros-test.iam.gserviceaccount.com" }
  links   = "serviceAccount:links@ventros-test.iam.gserviceaccount.com"
}

run "nobody_comes_in_but_those_who_keep_files" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.media, google_storage_bucket.bundles] :
      bucket.uniform_bucket_level_access && bucket.public_access_prevention == "enforced"
    ])
    error_message = "No object has a door of its own, and none can be made public."
  }

  assert {
    condition     = keys(google_storage_bucket_iam_member.media) == ["uses-1"] && google_storage_bucket_iam_member.media["uses-1"].role == "roles/storage.objectUser"
    error_message = "Files are kept by the accounts that declare it, which cannot change the bucket itself."
  }

  assert {
    condition     = toset([for member in google_storage_bucket_iam_member.links : member.role]) == toset(["roles/storage.objectViewer", "roles/storage.objectCreator"])
    error_message = "A link shows a file or brings one, and deletes none."
  }
}

run "what_is_forgotten_is_gone" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = google_storage_bucket.media.soft_delete_policy[0].retention_duration_seconds == 0
    error_message = "A file that a tenant deletes is not kept under another name."
  }

  assert {
    condition = anytrue([
      for rule in google_storage_bucket.media.lifecycle_rule :
      try(one(rule.action).type == "Delete" && one(rule.condition).age == 1 && one(rule.condition).matches_prefix[0] == "incoming/", false)
    ])
    error_message = "What was brought and never taken over leaves after a day."
  }

  assert {
    condition = alltrue([
      for rule in google_storage_bucket.media.lifecycle_rule :
      try(one(rule.condition).matches_prefix[0] == "incoming/", false) if one(rule.action).type == "Delete"
    ])
    error_message = "How long a conversation's files are kept is each project's to say, not the bucket's."
  }

  assert {
    condition = anytrue([
      for rule in google_storage_bucket.bundles.lifecycle_rule :
      try(one(rule.action).type == "Delete" && one(rule.condition).days_since_noncurrent_time == 30, false)
    ])
    error_message = "Zips that were replaced leave after a month."
  }
}

run "a_key_of_ones_own_encrypts_them" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    kms_key = "projects/p/locations/l/keyRings/r/cryptoKeys/k"
  }

  assert {
    condition = alltrue([
      for bucket in [google_storage_bucket.media, google_storage_bucket.bundles] :
      one(bucket.encryption).default_kms_key_name == "projects/p/locations/l/keyRings/r/cryptoKeys/k"
    ])
    error_message = "Each bucket is encrypted with the key that is given."
  }
}
